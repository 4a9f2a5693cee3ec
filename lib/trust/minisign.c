#include "trust/minisign.h"

#include <assert.h>
#include <stdio.h>

enum {
    ALGORITHM = 2,
    PUBKEY = ALGORITHM + FM_KEY_ID + FM_ED25519_PUBLIC,
    SIGNATURE = ALGORITHM + FM_KEY_ID + FM_ED25519_SIGNATURE,
    HASH = FM_BLAKE_MAX,
};

static const char untrusted[] = "untrusted comment: ";
static const char trusted[] = "trusted comment: ";

/* --- Keys -------------------------------------------------------------- */

int
fm_pubkey_parse(struct fm_pubkey *k, const char *text, size_t n,
                struct fm_err *e)
{
    uint8_t b[PUBKEY];

    if (!fm_base64_read(b, sizeof b, text, n))
        return fm_err_set(e, FM_EINPUT,
                          "not a public key: minisign's are %d characters of "
                          "base64",
                          FM_PUBKEY_TEXT - 1);
    if (memcmp(b, "Ed", ALGORITHM) != 0)
        return fm_err_set(e, FM_EINPUT,
                          "not a public key: its algorithm is %02x%02x, not "
                          "minisign's \"Ed\"",
                          b[0], b[1]);
    memcpy(k->id, b + ALGORITHM, sizeof k->id);
    memcpy(k->key, b + ALGORITHM + FM_KEY_ID, sizeof k->key);
    return 0;
}

char *
fm_pubkey_text(char out[FM_PUBKEY_TEXT], const struct fm_pubkey *k)
{
    uint8_t b[PUBKEY] = {'E', 'd'};

    memcpy(b + ALGORITHM, k->id, sizeof k->id);
    memcpy(b + ALGORITHM + FM_KEY_ID, k->key, sizeof k->key);
    return fm_base64_write(out, b, sizeof b);
}

char *
fm_key_id_text(char out[FM_KEY_ID_TEXT], const uint8_t id[FM_KEY_ID])
{
    snprintf(out, FM_KEY_ID_TEXT, "%llX", (unsigned long long)fm_get64(id));
    return out;
}

/* --- Checking ---------------------------------------------------------- */

static bool
is_zero(const uint8_t *p, size_t n)
{
    while (n && *p == 0)
        p++, n--;
    return n == 0;
}

size_t
fm_signature_global(uint8_t out[FM_GLOBAL_MAX], const struct fm_signature *s)
{
    size_t n = strlen(s->trusted);

    memcpy(out, s->sig, sizeof s->sig);
    memcpy(out + sizeof s->sig, s->trusted, n);
    return sizeof s->sig + n;
}

int
fm_signature_check(const struct fm_signature *s, const struct fm_pubkey *k,
                   const void *p, size_t n, struct fm_err *e)
{
    uint8_t all[FM_GLOBAL_MAX], hash[HASH];

    assert(memcmp(s->key_id, k->id, sizeof k->id) == 0);
    if (is_zero(s->sig, sizeof s->sig))
        return fm_err_set(e, FM_EINPUT, "the signature is all zeros");
    if (s->prehashed) {
        fm_blake(hash, sizeof hash, p, n);
        p = hash;
        n = sizeof hash;
    }
    if (!fm_ed25519_verify(s->sig, p, n, k->key))
        return fm_err_set(e, FM_EINPUT,
                          "the signature does not hold: these are not the "
                          "bytes that were signed");
    n = fm_signature_global(all, s);
    if (!fm_ed25519_verify(s->global, all, n, k->key))
        return fm_err_set(e, FM_EINPUT,
                          "the signature's trusted comment was changed after "
                          "it was signed");
    return 0;
}

/* --- Writing ----------------------------------------------------------- */

static int
put_line(struct fm_buf *out, const char *head, const char *text,
         struct fm_err *e)
{
    int rc;

    if ((rc = fm_buf_add(out, head, strlen(head), e)) ||
        (rc = fm_buf_add(out, text, strlen(text), e)))
        return rc;
    return fm_buf_add(out, "\n", 1, e);
}

int
fm_signature_write(struct fm_buf *out, const struct fm_signature *s,
                   struct fm_err *e)
{
    uint8_t b[SIGNATURE] = {'E', s->prehashed ? 'D' : 'd'};
    char sig[4 * SIGNATURE / 3 + 8], global[4 * FM_ED25519_SIGNATURE / 3 + 8];
    int rc;

    memcpy(b + ALGORITHM, s->key_id, sizeof s->key_id);
    memcpy(b + ALGORITHM + FM_KEY_ID, s->sig, sizeof s->sig);
    fm_base64_write(sig, b, sizeof b);
    fm_base64_write(global, s->global, sizeof s->global);
    if ((rc = put_line(out, untrusted, s->untrusted, e)) ||
        (rc = put_line(out, "", sig, e)) ||
        (rc = put_line(out, trusted, s->trusted, e)))
        return rc;
    return put_line(out, "", global, e);
}

/* --- Reading ----------------------------------------------------------- */

int
fm_signatures_open(struct fm_signatures *in, const char *path, struct fm_err *e)
{
    in->line = in->at = in->have = 0;
    in->lost = false;
    return fm_source_open(&in->src, path, e);
}

void
fm_signatures_close(struct fm_signatures *in)
{
    fm_source_close(&in->src);
}

static int
refuse(const struct fm_signatures *in, struct fm_err *e, const char *why)
{
    return fm_err_set(e, FM_EINPUT, "%s: line %zu: %s", in->src.name, in->line,
                      why);
}

/* Fill the buffer behind what is not taken yet; *more is false at the end. */
static int
fill(struct fm_signatures *in, bool *more, struct fm_err *e)
{
    size_t got;
    int rc;

    in->have -= in->at;
    memmove(in->buf, in->buf + in->at, in->have);
    in->at = 0;
    *more = true;
    if (in->have == sizeof in->buf)
        return 0;
    rc = fm_source_some(&in->src, in->buf + in->have, sizeof in->buf - in->have,
                        &got, e);
    in->have += got;
    *more = got > 0;
    return rc;
}

/*
 * The next line without its end, as `n` bytes in the buffer; NULL text at the
 * end of the file.
 */
static int
get_line(struct fm_signatures *in, const char **text, size_t *n,
         struct fm_err *e)
{
    const char *end;
    bool more = true;
    int rc;

    *text = NULL;
    while (!(end = memchr(in->buf + in->at, '\n', in->have - in->at)) && more) {
        if (in->at == 0 && in->have == sizeof in->buf) {
            in->line++;
            return refuse(in, e, "too long");
        }
        if ((rc = fill(in, &more, e)))
            return rc;
    }
    if (in->at == in->have)
        return 0;
    in->line++;
    *text = in->buf + in->at;
    *n = end ? (size_t)(end - *text) : in->have - in->at;
    in->at += *n + (end != NULL);
    if (memchr(*text, '\0', *n))
        return refuse(in, e, "a zero byte");
    if (*n && (*text)[*n - 1] == '\r')
        --*n;
    return 0;
}

/* A line that must be there. */
static int
need_line(struct fm_signatures *in, const char **text, size_t *n,
          struct fm_err *e)
{
    int rc = get_line(in, text, n, e);

    if (rc == 0 && !*text)
        rc = fm_err_set(e, FM_EINPUT,
                        "%s: cut short after line %zu: a signature has four "
                        "lines",
                        in->src.name, in->line);
    return rc;
}

static bool
starts(const char *text, size_t n, const char *head)
{
    return n >= strlen(head) && memcmp(text, head, strlen(head)) == 0;
}

/* The text of a comment line into `out` of `room` bytes, head and all. */
static int
take_comment(char *out, size_t room, const char *head, const char *text,
             size_t n, const struct fm_signatures *in, struct fm_err *e)
{
    size_t skip = strlen(head);

    if (!starts(text, n, head))
        return fm_err_set(e, FM_EINPUT,
                          "%s: line %zu: not a minisign signature: no '%s' "
                          "here",
                          in->src.name, in->line, head);
    if (n >= room)
        return refuse(in, e, "the comment is too long");
    memcpy(out, text + skip, n - skip);
    out[n - skip] = '\0';
    return 0;
}

static int
take_signature(struct fm_signature *s, const char *text, size_t n,
               const struct fm_signatures *in, struct fm_err *e)
{
    uint8_t b[SIGNATURE];

    if (!fm_base64_read(b, sizeof b, text, n))
        return refuse(in, e, "not the base64 of a signature");
    if (b[0] != 'E' || (b[1] != 'D' && b[1] != 'd'))
        return refuse(in, e,
                      "not an algorithm of minisign's, \"ED\" or "
                      "\"Ed\"");
    s->prehashed = b[1] == 'D';
    memcpy(s->key_id, b + ALGORITHM, sizeof s->key_id);
    memcpy(s->sig, b + ALGORITHM + FM_KEY_ID, sizeof s->sig);
    return 0;
}

/* The four lines; *text and *n receive the last that was read. */
static int
take_lines(struct fm_signatures *in, struct fm_signature *s, const char **text,
           size_t *n, struct fm_err *e)
{
    int rc;

    if ((rc = take_comment(s->untrusted, sizeof s->untrusted, untrusted, *text,
                           *n, in, e)) ||
        (rc = need_line(in, text, n, e)) ||
        (rc = take_signature(s, *text, *n, in, e)) ||
        (rc = need_line(in, text, n, e)) ||
        (rc = take_comment(s->trusted, sizeof s->trusted, trusted, *text, *n,
                           in, e)) ||
        (rc = need_line(in, text, n, e)))
        return rc;
    if (!fm_base64_read(s->global, sizeof s->global, *text, *n))
        return refuse(in, e, "not the base64 of a global signature");
    return 0;
}

static bool
begins(const char *text, size_t n, const char *with)
{
    return n >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

/*
 * A line that was refused may be the next signature's first, or, where the
 * newline between them is damaged, end with it: then it is read again.  What
 * somebody wrote into a comment begins nothing.
 */
static void
give_back(struct fm_signatures *in, const char *text, size_t n)
{
    const char *head = begins(text, n, trusted)
                           ? NULL
                           : memmem(text, n, untrusted, strlen(untrusted));

    if (!head)
        return;
    in->at = (size_t)(head - in->buf);
    in->line--;
}

/* Behind a damaged signature: to where the next one begins, or the end. */
static int
find_next(struct fm_signatures *in, struct fm_err *e)
{
    for (;;) {
        struct fm_err why = {0};
        const char *text;
        size_t n;
        int rc = get_line(in, &text, &n, &why);

        if (rc == FM_ESYS)
            return fm_err_pass(e, &why);
        if (rc && !text)
            in->at = in->have; /* a line without an end */
        else if (!text)
            return 0;
        else if (begins(text, n, untrusted)) {
            give_back(in, text, n);
            return 0;
        }
    }
}

int
fm_signatures_next(struct fm_signatures *in, struct fm_signature *s,
                   bool *there, struct fm_err *e)
{
    const char *text;
    size_t n, first;
    int rc;

    *there = false;
    if (in->lost && (rc = find_next(in, e)))
        return rc;
    in->lost = false;
    /* An empty line is of no signature: whose would be refused for it? */
    do
        rc = get_line(in, &text, &n, e);
    while (rc == 0 && text && n == 0);
    if (rc == 0 && !text)
        return 0;
    first = in->line;
    if (rc == 0)
        rc = take_lines(in, s, &text, &n, e);
    in->lost = rc == FM_EINPUT;
    /* Not this one's own beginning. */
    if (in->lost && text && (in->line > first || !begins(text, n, untrusted)))
        give_back(in, text, n);
    *there = rc == 0;
    return rc;
}
