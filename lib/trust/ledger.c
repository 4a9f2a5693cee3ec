#include "trust/ledger.h"

#include "base/mem.h"
#include "trust/ledgerline.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *
fm_ledger_hex(char out[FM_LEDGER_HEX], const uint8_t p[FM_BLAKE_256])
{
    for (size_t i = 0; i < FM_BLAKE_256; i++)
        snprintf(out + 2 * i, 3, "%02x", p[i]);
    return out;
}

static int
digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

bool
fm_ledger_hex_parse(uint8_t p[FM_BLAKE_256], const char *s)
{
    if (strlen(s) != FM_LEDGER_HEX - 1)
        return false;
    for (size_t i = 0; i < FM_BLAKE_256; i++) {
        int high = digit(s[2 * i]), low = digit(s[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        p[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* --- A model's digest ----------------------------------------------------
 */

struct sink {
    struct fm_blaker *blake;
    struct fm_hasher *id;
};

static ssize_t
swallow(void *cookie, const char *p, size_t n)
{
    struct sink *s = cookie;

    fm_blaker_add(s->blake, p, n);
    fm_hasher_add(s->id, p, n);
    return (ssize_t)n;
}

int
fm_ledger_describe(struct fm_ledger_model *out, const struct fm_model_file *f,
                   struct fm_err *e)
{
    const cookie_io_functions_t io = {.write = swallow};
    struct fm_model_file file = *f;
    struct sink s = {fm_blaker_new(FM_BLAKE_256, e), fm_hasher_new(e)};
    FILE *stream = NULL;
    int rc = FM_ESYS;

    if (!s.blake || !s.id)
        goto out;
    stream = fopencookie(&s, "w", io);
    if (!stream) {
        fm_err_nomem(e);
        goto out;
    }
    rc = fm_model_file_put(&file, stream, e);
    if (fflush(stream) || ferror(stream))
        rc = fm_err_nomem(e);
    out->round = f->model->round;
    out->id = fm_hasher_id(s.id);
    fm_blaker_sum(out->digest, s.blake);
out:
    if (stream)
        fclose(stream);
    fm_blaker_free(s.blake);
    fm_hasher_free(s.id);
    return rc;
}

/* --- Filling a line ------------------------------------------------------
 */

/* One more text in a list that has `n`; 0 or FM_ESYS. */
static int
add_text(char ***list, size_t n, const char *text, struct fm_err *e)
{
    char **more = realloc(*list, (n + 1) * sizeof *more);

    if (!more)
        return fm_err_nomem(e);
    *list = more;
    more[n] = strdup(text);
    return more[n] ? 0 : fm_err_nomem(e);
}

int
fm_ledger_set_policy(struct fm_ledger_entry *t, const struct fm_policy *p,
                     struct fm_err *e)
{
    int rc;

    assert(!t->exclude);
    t->policy = *p;
    t->policy.listed = NULL;
    t->policy.roster = NULL;
    t->policy.nexclude = 0;
    t->policy.exclude = NULL;
    for (size_t i = 0; i < p->nexclude; i++)
        if ((rc = fm_ledger_exclude(t, p->exclude[i], e)))
            return rc;
    return 0;
}

int
fm_ledger_exclude(struct fm_ledger_entry *t, const char *client,
                  struct fm_err *e)
{
    int rc = add_text(&t->exclude, t->policy.nexclude, client, e);

    if (rc)
        return rc;
    t->policy.nexclude++;
    t->policy.exclude = (const char *const *)t->exclude;
    return 0;
}

/* Room for one more input; 0 or a code. */
static int
reserve(struct fm_ledger_entry *t, struct fm_err *e)
{
    void *more;

    if (t->n == FM_LEDGER_INPUTS)
        return fm_err_set(e, FM_EINPUT,
                          "a line of a ledger has at most %d clients",
                          FM_LEDGER_INPUTS);
    if (t->n < t->room)
        return 0;
    more = fm_grow(t->input, t->n, &t->room, sizeof *t->input, e);
    if (!more)
        return FM_ESYS;
    t->input = more;
    return 0;
}

int
fm_ledger_add(struct fm_ledger_entry *t, const struct fm_ledger_input *in,
              struct fm_err *e)
{
    int rc = reserve(t, e);

    if (rc == 0)
        t->input[t->n++] = *in;
    return rc;
}

int
fm_ledger_count(struct fm_ledger_entry *t, const struct fm_part *part,
                uint64_t round, const uint8_t *digest, struct fm_err *e)
{
    struct fm_ledger_input in = {
        .part = *part, .round = round, .summed = !digest};

    if (digest)
        memcpy(in.digest, digest, sizeof in.digest);
    return fm_ledger_add(t, &in, e);
}

int
fm_ledger_refuse(struct fm_ledger_entry *t, const char *text, struct fm_err *e)
{
    int rc = add_text(&t->refused, t->nrefused, text, e);

    if (rc)
        return rc;
    for (char *c = t->refused[t->nrefused++]; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    return 0;
}

int
fm_ledger_order(const struct fm_ledger_input *a,
                const struct fm_ledger_input *b)
{
    if (a->round != b->round)
        return a->round < b->round ? -1 : 1;
    return strcmp(a->part.client, b->part.client);
}

static int
order(const void *a, const void *b)
{
    return fm_ledger_order(a, b);
}

void
fm_ledger_sort(struct fm_ledger_entry *t)
{
    if (t->n)
        qsort(t->input, t->n, sizeof *t->input, order);
}

void
fm_ledger_entry_free(struct fm_ledger_entry *t)
{
    for (size_t i = 0; i < t->policy.nexclude; i++)
        free(t->exclude[i]);
    for (size_t i = 0; i < t->nrefused; i++)
        free(t->refused[i]);
    free(t->exclude);
    free(t->refused);
    free(t->input);
    *t = (struct fm_ledger_entry){0};
}

size_t
fm_ledger_knows(const struct fm_ledger *l, const struct fm_id *id)
{
    if (l->n && fm_id_cmp(&l->entry[0].base.id, id) == 0)
        return 1;
    for (size_t i = 0; i < l->n; i++)
        if (fm_id_cmp(&l->entry[i].output.id, id) == 0)
            return i + 1;
    return 0;
}

static bool
same_model(const struct fm_ledger_model *a, const struct fm_ledger_model *b)
{
    return a->round == b->round &&
           memcmp(a->digest, b->digest, FM_BLAKE_256) == 0;
}

bool
fm_ledger_has(const struct fm_ledger *l, const struct fm_ledger_model *m)
{
    if (l->n && same_model(&l->entry[0].base, m))
        return true;
    for (size_t i = l->n; i > 0; i--)
        if (same_model(&l->entry[i - 1].output, m))
            return true;
    return false;
}

size_t
fm_ledger_roster(const struct fm_ledger *l, const uint8_t digest[FM_BLAKE_256])
{
    for (size_t i = 0; i < l->n; i++) {
        const struct fm_policy *p = &l->entry[i].policy;

        if (!p->rostered || memcmp(p->roster_digest, digest, FM_BLAKE_256) != 0)
            return i + 1;
    }
    return 0;
}

/* Does the line that was just read follow those before it? */
static int
check_place(const struct fm_ledger *l, struct fm_err *e)
{
    static const uint8_t zeros[FM_BLAKE_256];
    const struct fm_ledger_entry *t = &l->entry[l->n - 1];
    const struct fm_ledger before = {l->entry, l->n - 1, 0};
    const uint8_t *last = before.n ? t[-1].hash : zeros;

    if (t->line != l->n || memcmp(t->previous, last, FM_BLAKE_256) != 0)
        return fm_err_set(e, FM_EINPUT,
                          "it does not follow what stands before it: lines "
                          "were removed, added, or moved");
    if (before.n && !fm_ledger_has(&before, &t->base))
        return fm_err_set(e, FM_EINPUT,
                          "no line before it made the model that it starts "
                          "from");
    return 0;
}

static int
grow(struct fm_ledger *l, struct fm_err *e)
{
    void *more;

    if (l->n == FM_LEDGER_LINES)
        return fm_err_set(e, FM_EINPUT, "more lines than a ledger may have");
    if (l->n < l->room)
        return 0;
    more = fm_grow(l->entry, l->n, &l->room, sizeof *l->entry, e);
    if (!more)
        return FM_ESYS;
    l->entry = more;
    return 0;
}

int
fm_ledger_parse(struct fm_ledger *l, const uint8_t *p, size_t n, size_t *whole,
                struct fm_err *e)
{
    const uint8_t *end;
    size_t bad_line = 0;
    char where[32];
    int rc = 0;

    *whole = 0;
    while (rc == 0 && n - *whole &&
           (end = memchr(p + *whole, '\n', n - *whole))) {
        if ((rc = grow(l, e)))
            break;
        l->entry[l->n++] = (struct fm_ledger_entry){0};
        rc = fm_ledgerline_parse(&l->entry[l->n - 1], p + *whole,
                                 (size_t)(end + 1 - p) - *whole, e);
        if (rc == 0)
            rc = check_place(l, e);
        bad_line = l->n;
        *whole = (size_t)(end + 1 - p);
    }
    if (rc == 0 && fm_ledgerline_whole(p + *whole, n - *whole)) {
        rc = fm_err_set(e, FM_EINPUT, "its newline is damaged");
        bad_line++;
    }
    if (rc) {
        snprintf(where, sizeof where, "line %zu", bad_line);
        fm_err_where(e, where);
    }
    return rc;
}

void
fm_ledger_free(struct fm_ledger *l)
{
    for (size_t i = 0; i < l->n; i++)
        fm_ledger_entry_free(&l->entry[i]);
    free(l->entry);
    *l = (struct fm_ledger){0};
}

/* --- Looking for a line --------------------------------------------------
 */

static bool
same_policy(const struct fm_policy *a, const struct fm_policy *b)
{
    char x[FM_STALENESS_TEXT], y[FM_STALENESS_TEXT];

    if (!fm_weighting_same(&a->weighting, &b->weighting) ||
        a->quorum != b->quorum || a->max_stale != b->max_stale ||
        a->nexclude != b->nexclude || a->rostered != b->rostered ||
        memcmp(a->roster_digest, b->roster_digest, FM_BLAKE_256) != 0 ||
        memcmp(&a->rule, &b->rule, sizeof a->rule) != 0 ||
        strcmp(fm_staleness_text(x, &a->staleness),
               fm_staleness_text(y, &b->staleness)) != 0)
        return false;
    for (size_t i = 0; i < a->nexclude; i++)
        if (strcmp(a->exclude[i], b->exclude[i]) != 0)
            return false;
    return true;
}

static bool
same_inputs(const struct fm_ledger_entry *a, const struct fm_ledger_entry *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const struct fm_part *x = &a->input[i].part, *y = &b->input[i].part;

        if (fm_id_cmp(&x->bundle, &y->bundle) != 0 ||
            x->samples != y->samples || x->weight != y->weight)
            return false;
    }
    return true;
}

size_t
fm_ledger_find(const struct fm_ledger *l, const struct fm_ledger_entry *t)
{
    for (size_t i = 0; i < l->n; i++)
        if (same_model(&l->entry[i].base, &t->base) &&
            same_model(&l->entry[i].output, &t->output) &&
            same_policy(&l->entry[i].policy, &t->policy) &&
            same_inputs(&l->entry[i], t))
            return i + 1;
    return 0;
}
