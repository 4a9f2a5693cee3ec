/*
 * labels: what a data set's labels are, for those who read one.
 */
#ifndef FM_DATA_LABELS_H
#define FM_DATA_LABELS_H

enum fm_labels {
    FM_LABELS_CLASSES, /* whole numbers from 0 to 255, one byte each */
    FM_LABELS_NUMBERS, /* what a regression learns: floats (numbers.h) */
    FM_LABELS_EITHER,  /* classes if all of them are, else numbers */
};

#endif
