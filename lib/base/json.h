/*
 * json: reading and writing small JSON texts.
 *
 * Reading is for hostile bytes: one value filling the whole text, duplicate
 * keys refused (after unescaping), strings without NUL, integers within 64
 * bits, at most FM_JSON_DEPTH levels of nesting, valid UTF-8.  An empty object
 * takes three bytes of text and hundreds of memory, so that a text has at most
 * FM_JSON_VALUES of `{`, `[` and `,` (65,536 tensors have 720,897).
 * Writing is deterministic: keys in the order they were set, no white space.
 *
 * This is the one door to jansson.  Values are reference-counted trees behind
 * an opaque pointer; a getter's result belongs to the tree it came from.
 */
#ifndef FM_BASE_JSON_H
#define FM_BASE_JSON_H

#include "base/bytes.h"

#include <stdbool.h>

enum { FM_JSON_DEPTH = 8, FM_JSON_VALUES = 1 << 20 };

struct fm_json;

/*
 * fm_json_parse - parse `n` bytes; `what` names them in a message
 * ("manifest.json").  Returns a tree to free with fm_json_free, or NULL with
 * FM_EINPUT (or FM_ESYS) in `e`.
 */
struct fm_json *fm_json_parse(const void *p, size_t n, const char *what,
                              struct fm_err *e);
/* fm_json_parse_upto - the same for a file of data, which may have so many of
 * `{`, `[` and `,`. */
struct fm_json *fm_json_parse_upto(const void *p, size_t n, size_t values,
                                   const char *what, struct fm_err *e);
void fm_json_free(struct fm_json *j); /* NULL is harmless */

/*
 * Getters.  They return false when the value is missing or of another type,
 * and take NULL, and what is no object or array, as one that is empty.
 * fm_json_str gives a NUL-terminated UTF-8 string; fm_json_int an integer in
 * 0..max.
 */
bool fm_json_str(const struct fm_json *object, const char *key,
                 const char **out);
bool fm_json_int(const struct fm_json *object, const char *key, uint64_t max,
                 uint64_t *out);
const struct fm_json *fm_json_get(const struct fm_json *object,
                                  const char *key); /* or NULL */

/* fm_json_word - a string that may not be empty: "" when it is missing, too. */
const char *fm_json_word(const struct fm_json *object, const char *key);
bool fm_json_is_object(const struct fm_json *j);

/* fm_json_size - entries of an object or array; 0 for anything else. */
size_t fm_json_size(const struct fm_json *j);

/*
 * fm_json_each - visit an object's members in the order of the text; stops at
 * the first nonzero return, and returns it.
 */
int fm_json_each(const struct fm_json *object,
                 int (*visit)(void *ctx, const char *key,
                              const struct fm_json *value),
                 void *ctx);

/* Values themselves: a string, or NULL; an array's integer at `i` in 0..max. */
const char *fm_json_text(const struct fm_json *value);
bool fm_json_int_at(const struct fm_json *array, size_t i, uint64_t max,
                    uint64_t *out);
bool fm_json_is_array(const struct fm_json *j);

/*
 * For code that walks a tree it does not know: what a value is (null for
 * NULL), an array's value at `i` (or NULL), and an integer, a real or a truth
 * as what it is.
 */
enum fm_json_kind {
    FM_JSON_NULL,
    FM_JSON_BOOL,
    FM_JSON_INT,
    FM_JSON_REAL,
    FM_JSON_STRING,
    FM_JSON_ARRAY,
    FM_JSON_OBJECT,
};
enum fm_json_kind fm_json_kind(const struct fm_json *j);
const struct fm_json *fm_json_at(const struct fm_json *array, size_t i);
int64_t fm_json_int_of(const struct fm_json *value); /* else 0 */
double fm_json_real_of(const struct fm_json *value); /* else 0 */
bool fm_json_bool_of(const struct fm_json *value);   /* else false */

/*
 * Building.  Each adds to an object (`key` not NULL) or appends to an array
 * (`key` NULL).  Failures are out of memory or invalid UTF-8 in a string; they
 * are remembered and reported by fm_json_dump, so that a builder need not
 * check each line (after one failed addition for want of memory no tree of
 * this process is written any more).  An integer is at most 2^63 - 1.  A real
 * is written with the fewest digits that read back as the same double; NaN
 * and the infinities, which JSON lacks, are written as null. fm_json_add_object
 * and fm_json_add_array return the new child, owned by the tree.
 */
struct fm_json *fm_json_object(void); /* NULL is accepted by every adder */
struct fm_json *fm_json_array(void);
struct fm_json *fm_json_add_object(struct fm_json *to, const char *key);
struct fm_json *fm_json_add_array(struct fm_json *to, const char *key);
void fm_json_add_str(struct fm_json *to, const char *key, const char *s);

/* fm_json_add_name - the same of a text that nobody vouches for, as a file's
 * name: when it is not UTF-8, which JSON must be, `?` stands for each byte that
 * is not ASCII. */
void fm_json_add_name(struct fm_json *to, const char *key, const char *s);

void fm_json_add_int(struct fm_json *to, const char *key, uint64_t v);
void fm_json_add_real(struct fm_json *to, const char *key, double v);
void fm_json_add_bool(struct fm_json *to, const char *key, bool v);
void fm_json_add_null(struct fm_json *to, const char *key);

/*
 * fm_json_dump - append the text of `j` to `out`; 0 or FM_ESYS, and then `out`
 * is as it was.
 */
int fm_json_dump(struct fm_buf *out, const struct fm_json *j, struct fm_err *e);

#endif
