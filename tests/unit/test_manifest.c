#include "bundle/manifest.h"
#include "check.h"

#include <string.h>

#define ID "00112233445566778899aabbccddeeff"

static const struct fm_bundle example = {
    .method = FM_FEDMRN,
    .coder = FM_CODER_RAW,
    .dither = FM_DITHER_SHARED,
    .client = "7",
    .round = 1,
    .samples = 600,
    .base = {{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
              0xbb, 0xcc, 0xdd, 0xee, 0xff}},
    .masked = 199210,
    .full = 12,
};

/* The text that bundle.h describes, written by hand. */
static const char text[] =
    "{\"fedmrn\":1,\"method\":\"fedmrn\",\"coder\":\"raw\",\"dither\":"
    "\"shared\",\"client\":\"7\",\"round\":1,\"base\":\"" ID
    "\",\"samples\":600,\"masked\":199210,\"full\":12}";

static void
golden(void)
{
    struct fm_buf out = {0};
    struct fm_bundle b = {0};

    CHECK(fm_manifest_write(&out, &example, NULL) == 0, "write");
    CHECK(out.len == strlen(text) && memcmp(out.data, text, out.len) == 0,
          "%.*s", (int)out.len, (char *)out.data);
    fm_buf_free(&out);
    CHECK(fm_manifest_parse(&b, (const uint8_t *)text, strlen(text), NULL) == 0,
          "parse");
    CHECK(b.method == FM_FEDMRN && b.dither == FM_DITHER_SHARED &&
              strcmp(b.client, "7") == 0 && b.round == 1 && b.samples == 600 &&
              fm_id_cmp(&b.base, &example.base) == 0 && b.masked == 199210 &&
              b.full == 12,
          "fields");
}

/* The longest manifest there can be fits. */
static void
longest(void)
{
    struct fm_bundle b = example, got = {0};
    struct fm_buf out = {0};

    b.method = FM_FEDMRNS;
    b.dither = FM_DITHER_PRIVATE;
    memset(b.client, 'z', FM_CLIENT_MAX);
    b.client[FM_CLIENT_MAX] = '\0';
    b.round = FM_ROUND_MAX;
    b.samples = FM_SAMPLES_MAX;
    b.masked = b.full = SIZE_MAX / 8;
    CHECK(fm_manifest_write(&out, &b, NULL) == 0, "write");
    CHECK(out.len <= FM_MANIFEST_MAX, "%zu bytes", out.len);
    CHECK(fm_manifest_parse(&got, out.data, out.len, NULL) == 0, "parse");
    CHECK(got.round == b.round && got.masked == b.masked, "fields");
    fm_buf_free(&out);
}

static void
fedavg(void)
{
    struct fm_bundle b = example, got = {0};
    struct fm_buf out = {0};

    b.method = FM_FEDAVG;
    b.masked = 0;
    CHECK(fm_manifest_write(&out, &b, NULL) == 0, "write");
    CHECK(!memmem(out.data, out.len, "dither", 6), "fedavg with a dither");
    CHECK(fm_manifest_parse(&got, out.data, out.len, NULL) == 0, "parse");
    CHECK(got.method == FM_FEDAVG, "method");
    fm_buf_free(&out);
}

/* Replace the first `from` in the good text, and expect the message. */
static void
refuse(const char *from, const char *to, const char *message)
{
    char bad[1024];
    const char *at = strstr(text, from);
    struct fm_bundle b = {0};
    struct fm_err e = {0};

    CHECK(at, "%s is not in the text", from);
    snprintf(bad, sizeof bad, "%.*s%s%s", (int)(at - text), text, to,
             at + strlen(from));
    CHECK(fm_manifest_parse(&b, (uint8_t *)bad, strlen(bad), &e) == FM_EINPUT,
          "accepted: %s", bad);
    CHECK(strstr(e.msg, message), "%s: %s", to, e.msg);
    for (const char *s = e.msg; *s; s++)
        CHECK(*s >= 0x20 && *s <= 0x7e, "unprintable: %s", e.msg);
}

static void
hostile(void)
{
    char big[200] = "\"7\",\"x\":\"";
    struct fm_bundle b = {0};
    struct fm_err e = {0};

    refuse("{", "[{", "manifest.json");
    refuse("{", "{ ", "canonical");
    refuse("\"fedmrn\":1,", "", "no integer \"fedmrn\"");
    refuse("\"fedmrn\":1", "\"fedmrn\":2", "format 2");
    refuse("\"fedmrn\":1", "\"fedmrn\":1.0", "no integer");
    refuse("\"fedmrn\",", "\"fedpn\",", "\"fedpn\" is not known");
    refuse("\"fedmrn\",", "\"fedavg\",", "no masked parameters");
    refuse("raw", "zip", "coder \"zip\" is not known");
    refuse("shared", "none", "dither \"none\" is not known");
    refuse("\"dither\":\"shared\",", "", "no text \"dither\"");
    refuse("\"7\"", "7", "no text \"client\"");
    refuse("\"7\"", "\"\"", "client \"\"");
    refuse("\"7\"", "\"A\"", "client \"A\"");
    refuse("\"7\"", "\"..\"", "client \"..\"");
    refuse("\"7\"", "\"../7\"", "client \"../7\"");
    refuse("\"7\"", "\"\\u001b[31m\\r\\n\"", "client \"?[31m??\"");
    refuse("\"7\"", "\"\302\233\342\200\256\"", "client \"?????\"");
    refuse("\"7\"", "\"\\u0037\"", "canonical");
    refuse("\"round\":1", "\"round\":0", "round");
    refuse("\"round\":1", "\"round\":-1", "round");
    refuse("\"round\":1", "\"round\":4294967297", "1..4294967296");
    refuse("\"round\":1", "\"round\":9223372036854775808", "manifest.json");
    refuse("\"round\":1", "\"round\":01", "manifest.json");
    refuse(ID, "00", "\"00\" is not an id");
    refuse(ID, "00112233445566778899AABBCCDDEEFF", "not an id");
    refuse("600", "0", "samples");
    refuse("600", "4294967297", "samples");
    refuse("199210", "-1", "masked");
    refuse("199210", "9223372036854775807", "masked");
    refuse(",\"full\":12", "", "full");
    refuse("\"full\":12", "\"full\":12,\"full\":12", "manifest.json");
    refuse("\"full\":12", "\"full\":12,\"seed\":1", "canonical");
    refuse("12}", "12}\n", "canonical");
    refuse("\"masked\":199210,\"full\":12", "\"full\":12,\"masked\":199210",
           "canonical");

    /* A long text is cut in the message. */
    memset(big + strlen(big), 'y', 150);
    strcat(big, "\"");
    refuse("\"7\"", big, "canonical");
    refuse("raw\"", big + 9, "...");

    CHECK(fm_manifest_parse(&b, (const uint8_t *)"", 0, &e) == FM_EINPUT,
          "empty");
    CHECK(fm_manifest_parse(&b, (const uint8_t *)"[]", 2, NULL) == FM_EINPUT,
          "array");
    CHECK(fm_manifest_parse(&b, (const uint8_t *)"{}", 2, NULL) == FM_EINPUT,
          "empty object");
}

static void
too_long(void)
{
    uint8_t big[FM_MANIFEST_MAX + 1];
    struct fm_bundle b = {0};
    struct fm_err e = {0};

    memset(big, ' ', sizeof big);
    memcpy(big, text, strlen(text));
    CHECK(fm_manifest_parse(&b, big, sizeof big, &e) == FM_EINPUT, "513");
    CHECK(strstr(e.msg, "at most 512"), "%s", e.msg);
}

int
main(void)
{
    golden();
    longest();
    fedavg();
    hostile();
    too_long();
    return 0;
}
