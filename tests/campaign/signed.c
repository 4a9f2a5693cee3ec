/*
 * signed: DIR/0.mrn ... DIR/(COUNT-1).mrn, the answers of clients c0, c1, ...
 * as bench_bundles writes them, get a signature beside them, each by a key of
 * its own; the roster that lists them all goes to standard output.
 *
 *   signed DIR COUNT
 */
#include "../unit/signfix.h"
#include "base/archive.h"

/* Any key, but no other client's. */
static struct sf_key
key(uint32_t i)
{
    uint8_t seed[FM_ED25519_SEED] = {1};
    struct sf_key k = {.key.id = {1}};

    fm_put32(seed + 4, i);
    fm_put32(k.key.id + 4, i);
    fm_ed25519_public(k.key.key, k.secret, seed);
    return k;
}

int
main(int argc, char **argv)
{
    static struct fm_signature s;
    char path[4096], text[FM_PUBKEY_TEXT];
    struct fm_buf file = {0}, out = {0};
    uint32_t n = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;

    CHECK(n, "usage: signed DIR COUNT");
    for (uint32_t i = 0; i < n; i++) {
        struct sf_key k = key(i);

        snprintf(path, sizeof path - 16, "%s/%u.mrn", argv[1], i);
        file.len = out.len = 0;
        CHECK(fm_file_read(&file, path, (size_t)1 << 30, NULL) == 0, "%s",
              path);
        s = sf_sign(&k, true, file.data, file.len, "many");
        CHECK(fm_signature_write(&out, &s, NULL) == 0, "memory");
        strcat(path, ".minisig");
        sf_save(path, (const char *)out.data, out.len);
        printf("c%u %s 600\n", i, fm_pubkey_text(text, &k.key));
    }
    fm_buf_free(&file);
    fm_buf_free(&out);
    return 0;
}
