/*
 * idle: settings that another one leaves without a meaning.
 *
 * fm_setting_applies (settings.h) says what means nothing under a method.  This
 * says what means nothing beside the other settings, so that a tool can refuse
 * an option that would do nothing, and say why.
 */
#ifndef FM_TENSOR_IDLE_H
#define FM_TENSOR_IDLE_H

#include "tensor/settings.h"

/*
 * fm_setting_idle - under what a setting, which applies to the method, changes
 * no answer, whatever its value: "masking dm, which draws no mask"; or NULL.
 */
const char *fm_setting_idle(const struct fm_settings *s, const char *name);

#endif
