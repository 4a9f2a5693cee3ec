/*
 * words: a text of lines of words, as the architecture text is, with a
 * canonical form written while it is read.
 *
 * A line is cut at `#`; its words are separated by blanks (space, tab, CR).
 * Word 0 says what the line is; the others are values by place, `name=value`
 * options or flags.  Each reader marks the words it took, and what is left at
 * the end of the line is an error.  Messages start with "what:line: word0: ".
 */
#ifndef FM_TENSOR_WORDS_H
#define FM_TENSOR_WORDS_H

#include "base/bytes.h"

#include <stdbool.h>

enum { FM_WORDS_LINE = 255, FM_WORDS_MAX = 8 };

struct fm_words {
    const char *what; /* names the text in messages */
    struct fm_buf *canonical;
    size_t line; /* from 1 */
    size_t n;
    char *word[FM_WORDS_MAX];
    unsigned used; /* bit i: word i was understood */
    char buf[FM_WORDS_LINE + 1];
    struct fm_err *e;
};

/* fm_words_cut - the words of the next line; `n` is 0 for an empty one. */
int fm_words_cut(struct fm_words *w, const char *line, size_t len);

/* fm_words_end - refuse words that nobody took; end the canonical line. */
int fm_words_end(struct fm_words *w);

/* fm_words_fail - FM_EINPUT with the place in front of the message. */
int fm_words_fail(struct fm_words *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * fm_words_dims - word `i` as exactly `n` integers from 1 to 2^31 joined by
 * `x` ("3x3"); `what` is what a message says is missing ("a kernel").
 * fm_words_count, fm_words_share - the option `name` as an integer in
 * min..65535, as a number in [0,1]; *v keeps its value when it is absent.
 * fm_words_flag - is the word there?
 */
int fm_words_dims(struct fm_words *w, size_t i, const char *what, size_t *dim,
                  size_t n);
int fm_words_count(struct fm_words *w, const char *name, size_t min, size_t *v);
int fm_words_share(struct fm_words *w, const char *name, double *v);
bool fm_words_flag(struct fm_words *w, const char *name);

/* fm_words_split - up to `n` integers joined by `x`: how many, or 0. */
size_t fm_words_split(const char *s, size_t *dim, size_t n);

/* Append to the canonical line.  The last two write " name=value" unless the
 * value is the default. */
int fm_words_put(struct fm_words *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int fm_words_put_count(struct fm_words *w, const char *name, size_t v,
                       size_t otherwise);
int fm_words_put_real(struct fm_words *w, const char *name, double v,
                      double otherwise);

#endif
