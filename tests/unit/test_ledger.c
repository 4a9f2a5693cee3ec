#include "ledgerfix.h"

static void
accepted(const struct fm_buf *b, size_t lines)
{
    struct fm_err e = {0};
    struct fm_ledger l = {0};
    size_t whole;

    CHECK(!fm_ledger_parse(&l, b->data, b->len, &whole, &e), "%s", e.msg);
    CHECK(l.n == lines && whole == b->len, "%zu lines, %zu of %zu bytes", l.n,
          whole, b->len);
    fm_ledger_free(&l);
}

static void
refused(const struct fm_buf *b, const char *message)
{
    struct fm_err e = {0};
    struct fm_ledger l = {0};
    size_t whole;

    CHECK(fm_ledger_parse(&l, b->data, b->len, &whole, &e) == FM_EINPUT,
          "accepted: %s", message);
    CHECK(strstr(e.msg, message) && strncmp(e.msg, "line ", 5) == 0, "%s: %s",
          message, e.msg);
    fm_ledger_free(&l);
}

/* One thing other than what it was. */
static void
differ(struct fm_ledger_entry *t, int i)
{
    struct fm_policy *p = &t->policy;
    struct fm_part *part = &t->input[1].part;

    p->weighting.cap += i == 0;
    p->quorum += i == 1;
    p->max_stale += i == 2;
    p->rule.n += i == 3;
    p->staleness.kind = i == 4 ? FM_STALE_POLY : p->staleness.kind;
    t->exclude[0][0] = i == 5 ? 'n' : 'm';
    t->n -= i == 6;
    part->bundle.b[5] ^= i == 7;
    part->samples += i == 8;
    part->weight += i == 9;
    t->base.digest[3] ^= i == 10;
    t->output.digest[3] ^= i == 11;
    p->rostered ^= i == 13;
    p->roster_digest[7] ^= i == 14;
    if (i == 12)
        CHECK(fm_ledger_exclude(t, "eve", NULL) == 0, "memory");
}

/* What a text says, and what it is asked for. */
static void
says(void)
{
    struct fm_buf b = lf_text(3);
    struct fm_err e = {0};
    struct fm_ledger l = {0};
    struct fm_ledger_entry like = lf_entry(1);
    struct fm_id id = {{0}};
    size_t whole;

    CHECK(!fm_ledger_parse(&l, b.data, b.len, &whole, &e), "%s", e.msg);
    CHECK(l.n == 3 && l.entry[2].n == 2 && l.entry[2].nrefused == 1, "lines");
    CHECK(strcmp(l.entry[0].input[0].part.client, "a") == 0 &&
              l.entry[0].input[0].summed && !l.entry[0].input[1].summed,
          "sorted inputs");
    CHECK(strcmp(l.entry[0].refused[0], "x.mrn: ?[1m no") == 0, "%s",
          l.entry[0].refused[0]);
    CHECK(l.entry[0].policy.weighting.cap == 100 &&
              strcmp(l.entry[0].policy.exclude[0], "mallory") == 0,
          "policy");
    CHECK(fm_ledger_knows(&l, &id) == 1, "the first base");
    id.b[0] = 2;
    CHECK(fm_ledger_knows(&l, &id) == 2, "the second output");
    id.b[0] = 9;
    CHECK(fm_ledger_knows(&l, &id) == 0, "a model of nobody's");
    fm_ledger_sort(&like);
    CHECK(fm_ledger_find(&l, &like) == 2, "line %zu",
          fm_ledger_find(&l, &like));
    fm_ledger_entry_free(&like);
    for (int i = 0; i < 15; i++) {
        like = lf_entry(1);
        fm_ledger_sort(&like);
        differ(&like, i);
        CHECK(fm_ledger_find(&l, &like) == 0, "found with difference %d", i);
        like.n = 2;
        fm_ledger_entry_free(&like);
    }
    fm_ledger_free(&l);
    fm_buf_free(&b);
}

/* No more lines, and no more clients of one, than may be. */
static void
most(void)
{
    struct fm_buf b = lf_text(1);
    struct fm_err e = {0};
    struct fm_ledger l = {.n = FM_LEDGER_LINES, .room = FM_LEDGER_LINES};
    struct fm_ledger_entry t = {.n = FM_LEDGER_INPUTS - 1};
    const struct fm_ledger_input in = {.round = 1};
    size_t whole;

    l.entry = calloc(l.room, sizeof *l.entry);
    t.room = t.n;
    t.input = calloc(t.room, sizeof *t.input);
    CHECK(l.entry && t.input, "memory");
    CHECK(fm_ledger_parse(&l, b.data, b.len, &whole, &e) == FM_EINPUT, "lines");
    CHECK(strstr(e.msg, "more lines than a ledger may have"), "%s", e.msg);
    CHECK(fm_ledger_add(&t, &in, NULL) == 0, "the last client");
    e = (struct fm_err){0};
    CHECK(fm_ledger_add(&t, &in, &e) == FM_EINPUT, "clients");
    CHECK(strstr(e.msg, "has at most 100000 clients"), "%s", e.msg);
    fm_ledger_entry_free(&t);
    fm_ledger_free(&l);
    fm_buf_free(&b);
}

/* BLAKE2b-256 of "abc", by b2sum -l 256; and a model's digest is its file's. */
static void
digests(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_model_file f = {.model = m};
    struct fm_ledger_entry t = lf_entry(0);
    struct fm_err e = {0};
    struct fm_ledger_model is;
    struct fm_buf file = {0};
    uint8_t want[FM_BLAKE_256], back[FM_BLAKE_256];
    char hex[FM_LEDGER_HEX];

    CHECK(strcmp(fm_ledger_hex(hex, t.input[0].digest),
                 "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d5"
                 "2319") == 0,
          "%s", hex);
    CHECK(fm_ledger_hex_parse(back, hex) &&
              memcmp(back, t.input[0].digest, sizeof back) == 0,
          "%s", hex);
    for (int i = 4; i < 6; i++) {
        char was = hex[i];

        hex[i] = 'G';
        CHECK(!fm_ledger_hex_parse(back, hex), "bad digit %d", i);
        hex[i] = was;
    }
    CHECK(!fm_ledger_hex_parse(back, "ab"), "few digits");
    CHECK(!fm_ledger_hex_parse(back,
                               "000000000000000000000000000000000000000000"
                               "00000000000000000000000"),
          "a digit more");
    CHECK(!fm_model_head(&f.head, m, &e) && !fm_ledger_describe(&is, &f, &e) &&
              !fm_model_dump(&file, m, &e),
          "%s", e.msg);
    fm_blake(want, sizeof want, file.data, file.len);
    CHECK(memcmp(want, is.digest, sizeof want) == 0 &&
              fm_id_cmp(&is.id, &m->id) == 0 && is.round == 0,
          "a model's digest");
    fm_buf_free(&f.head);
    fm_buf_free(&file);
    fm_ledger_entry_free(&t);
    fm_model_free(m);
}

/* No bit flips, no byte comes or goes, but whole lines at the end. */
static void
flips(void)
{
    struct fm_buf b = lf_text(2), copy = {0};
    size_t cuts = 0;

    accepted(&b, 2);
    CHECK(!fm_buf_add(&copy, b.data, b.len, NULL), "memory");
    for (size_t i = 0; i < b.len; i++)
        for (int bit = 0; bit < 8; bit++) {
            copy.data[i] ^= (uint8_t)(1 << bit);
            refused(&copy, "");
            copy.data[i] = b.data[i];
        }
    for (size_t n = 0; n < b.len; n++) {
        struct fm_err e = {0};
        struct fm_ledger l = {0};
        size_t whole;

        /* A cut is a torn line, and what stands before it is whole. */
        if (fm_ledger_parse(&l, b.data, n, &whole, &e) == 0)
            CHECK(whole <= n && (whole == 0 || b.data[whole - 1] == '\n'),
                  "cut at %zu: %zu", n, whole);
        else
            CHECK(b.data[n] == '\n' && strstr(e.msg, "its newline is damaged"),
                  "cut at %zu: %s", n, e.msg);
        cuts += whole == n;
        fm_ledger_free(&l);
    }
    CHECK(cuts == 2, "%zu cuts between lines", cuts);
    fm_buf_free(&copy);
    fm_buf_free(&b);
}

/* Lines `a`, `b`, `c` of three (from 0), as a ledger. */
static struct fm_buf
shuffled(int a, int b, int c)
{
    struct fm_buf text = lf_text(3), out = {0};
    const int order[] = {a, b, c};

    for (int i = 0; i < 3; i++) {
        const uint8_t *p = text.data, *end;

        for (int k = 0; k < order[i]; k++)
            p = (const uint8_t *)memchr(p, '\n', text.len) + 1;
        end = (const uint8_t *)memchr(p, '\n', text.len) + 1;
        if (order[i] >= 0)
            CHECK(!fm_buf_add(&out, p, (size_t)(end - p), NULL), "memory");
    }
    fm_buf_free(&text);
    return out;
}

static void
places(void)
{
    static const struct {
        int a, b, c;
        const char *message;
    } t[] = {
        {0, 2, 1, "line 2: it does not follow what stands before it"},
        {1, 2, -1, "line 1: it does not follow"},
        {0, 0, 1, "line 2: it does not follow"},
        {0, 2, -1, "line 2: it does not follow"},
    };

    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct fm_buf b = shuffled(t[i].a, t[i].b, t[i].c);

        refused(&b, t[i].message);
        fm_buf_free(&b);
    }
}

/* A line over a model that no line made, though its hash holds. */
static void
foreign(void)
{
    struct fm_buf b = lf_text(1);
    struct fm_ledger_entry t = lf_entry(5);
    struct fm_err e = {0};
    struct fm_ledger l = {0};
    size_t whole;

    CHECK(!fm_ledger_parse(&l, b.data, b.len, &whole, &e), "%s", e.msg);
    t.line = 2;
    memcpy(t.previous, l.entry[0].hash, sizeof t.previous);
    CHECK(!fm_ledgerline_write(&b, &t, &e), "%s", e.msg);
    refused(&b, "line 2: no line before it made the model");
    fm_ledger_entry_free(&t);
    b.len = (size_t)((uint8_t *)memchr(b.data, '\n', b.len) + 1 - b.data);
    t = lf_entry(1);
    t.line = 2; /* after a line of another hash */
    CHECK(!fm_ledgerline_write(&b, &t, &e), "%s", e.msg);
    refused(&b, "line 2: it does not follow what stands before it");
    b.len = (size_t)((uint8_t *)memchr(b.data, '\n', b.len) + 1 - b.data);
    memcpy(t.previous, l.entry[0].hash, sizeof t.previous);
    t.line = 3;
    CHECK(!fm_ledgerline_write(&b, &t, &e), "%s", e.msg);
    refused(&b, "line 2: it does not follow what stands before it");
    fm_ledger_entry_free(&t);
    fm_ledger_free(&l);
    fm_buf_free(&b);
}

int
main(void)
{
    says();
    digests();
    flips();
    places();
    foreign();
    most();
    return 0;
}
