#include "ledgerfix.h"

/* The line whose text was changed and whose hash was made to fit is refused. */
static void
forged(const char *from, const char *to, const char *message)
{
    struct fm_buf b = lf_text(1), out = {0};
    struct fm_err e = {0};
    struct fm_ledger_entry t = {0};
    uint8_t *at = memmem(b.data, b.len, from, strlen(from));
    uint8_t hash[FM_BLAKE_256];
    char hex[FM_LEDGER_HEX];
    size_t body;

    CHECK(at, "%s", from);
    CHECK(!fm_buf_add(&out, b.data, (size_t)(at - b.data), NULL) &&
              !fm_buf_add(&out, to, strlen(to), NULL) &&
              !fm_buf_add(&out, at + strlen(from),
                          b.len - (size_t)(at - b.data) - strlen(from), NULL),
          "memory");
    body = out.len - 1 - FM_LEDGER_TAIL;
    fm_blake(hash, sizeof hash, out.data, body);
    memcpy(out.data + body + 9, fm_ledger_hex(hex, hash), FM_LEDGER_HEX - 1);
    CHECK(fm_ledgerline_parse(&t, out.data, out.len, &e) == FM_EINPUT,
          "accepted: %s", to);
    CHECK(strstr(e.msg, message), "%s: %s", to, e.msg);
    fm_ledger_entry_free(&t);
    fm_buf_free(&out);
    fm_buf_free(&b);
}

static void
hostile(void)
{
    forged("\"ledger\":1", "\"ledger\":2", "format 2, and only 1 is known");
    forged("\"ledger\":1", "\"Ledger\":1", "not a line of a ledger");
    forged("\"line\":1", "\"line\":-1", "\"line\" is not a number");
    forged("\"line\":1", "\"line\":1.0", "\"line\" is not a number");
    forged("\"line\":1,", "\"line\":1, ", "");
    forged("\"tool\":\"test 1\"", "\"tool\":7", "\"tool\" is not a short text");
    forged("\"samples:100\"", "\"samples:0\"", "\"policy\" is not a policy");
    forged("\"const\"", "\"poly\"", "\"policy\" is not a policy");
    forged("\"mallory\"", "\"../x\"", "\"exclude\" is not a list of clients");
    forged("\"client\":\"a\"", "\"client\":\"A\"", "\"client\" is not");
    forged("\"client\":\"a\"", "\"client\":\"c\"", "\"inputs\" is not sorted");
    forged("\"client\":\"a\"", "\"client\":\"b\"", "\"inputs\" is not sorted");
    forged("\"samples\":7", "\"samples\":0", "\"inputs\" is not a list");
    forged("\"weight\":7", "\"weight\":4294967297", "\"inputs\" is not a list");
    forged("\"digest\":null", "\"digest\":\"12\"", "not 64 hex digits");
    forged("\"refused\":[", "\"refused\":[1,", "not a list of texts");
    forged("\"refused\":[", "\"refuses\":[", "\"inputs\" is not a list");
    forged("\"output\":{", "\"output\":{\"x\":1,", "");
    forged("\"round\":0", "\"round\":4294967297", "\"base\" is not a model");
    forged("x.mrn", "x\\u001b.mrn", "");
    forged("\"previous\":\"", "\"previous\":7,\"x\":\"",
           "\"previous\" is not 64 hex");
    forged("\"id\":\"", "\"id\":7,\"x\":\"", "\"id\" is not 32 hex digits");
    forged("\"id\":\"", "\"id\":\"0", "\"id\" is not 32 hex digits");
    forged("\"tool\":\"",
           "\"tool\":"
           "\"1234567890123456789012345678901234567890123456789012345678901234",
           "\"tool\" is not a short text");
    forged("\"weights\":", "\"weighs\":", "\"policy\" is not a policy");
    forged("\"quorum\":0", "\"quorum\":-1", "\"policy\" is not a policy");
    forged("\"max-stale\":0", "\"max-stale\":-1", "\"policy\" is not a policy");
    forged("\"staleness\":", "\"stale\":", "\"policy\" is not a policy");
    forged("\"weights\":", "\"rule\":7,\"weights\":", "\"rule\" is not a rule");
    forged("\"weights\":", "\"rule\":\"best\",\"weights\":",
           "\"rule\" is not a rule");
    forged("\"exclude\":[", "\"exclude\":{},\"x\":[",
           "\"exclude\" is not a list");
    forged("\"exclude\":[", "\"exclude\":[7,",
           "\"exclude\" is not a list of clients");
    forged("\"inputs\":[", "\"inputs\":{},\"x\":[", "\"inputs\" is not a list");
    forged("\"client\":\"a\"", "\"client\":7", "\"client\" is not");
    forged("\"round\":1,\"samples\":7", "\"round\":-1,\"samples\":7",
           "\"inputs\" is not a list of answers");
    forged("\"samples\":7", "\"samples\":-1",
           "\"inputs\" is not a list of answers");
    forged("\"weight\":7", "\"weight\":0",
           "\"inputs\" is not a list of answers");
}

/* What is too short or too long is not looked at. */
static void
lengths(void)
{
    const size_t most = FM_LEDGER_LINE;
    struct fm_buf b = lf_text(1);
    uint8_t *huge = calloc(most + 1, 1);
    struct fm_ledger_entry t = {0};

    CHECK(huge, "memory");
    memcpy(huge + most + 1 - 200, b.data + b.len - 200, 200);
    for (size_t n = 0; n <= FM_LEDGER_TAIL + 2; n++) {
        struct fm_err e = {0};
        const bool last = n == FM_LEDGER_TAIL + 2;
        const uint8_t *p = last ? huge : b.data + b.len - n;

        CHECK(fm_ledgerline_parse(&t, p, last ? most + 1 : n, &e) == FM_EINPUT,
              "%zu bytes", n);
        CHECK(strcmp(e.msg, "not a line of a ledger") == 0, "%zu bytes: %s", n,
              e.msg);
        fm_ledger_entry_free(&t);
    }
    free(huge);
    for (int i = 0; i < 2; i++) {
        struct fm_err e = {0};
        uint8_t *at = memmem(b.data, b.len, i ? "no\"" : "hash\"", 3);

        CHECK(at, "%d", i);
        *at ^= 1;
        CHECK(fm_ledgerline_parse(&t, b.data, b.len, &e) == FM_EINPUT, "%d", i);
        CHECK(strcmp(e.msg, i ? "it was changed: its hash is not the one it "
                                "says"
                              : "not a line of a ledger") == 0,
              "%s", e.msg);
        fm_ledger_entry_free(&t);
        *at ^= 1;
    }
    fm_buf_free(&b);
}

/* A line without its newline is whole when its hash is. */
static void
whole(void)
{
    struct fm_buf b = lf_text(1);

    for (size_t n = 0; n < b.len; n++)
        CHECK(fm_ledgerline_whole(b.data, n) == (n == b.len - 1), "%zu", n);
    fm_buf_free(&b);
}

int
main(void)
{
    hostile();
    lengths();
    whole();
    return 0;
}
