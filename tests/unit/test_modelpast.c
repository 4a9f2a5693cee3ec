#include "check.h"
#include "fixture.h"
#include "tensor/model_impl.h"

static struct fm_id
id_of(unsigned n)
{
    struct fm_id id = {{0}};

    id.b[0] = (uint8_t)(n >> 8);
    id.b[1] = (uint8_t)n;
    return id;
}

/* Round r is made of two bundles, 16r and 16r + 1. */
static void
succeed(struct fm_model *m)
{
    struct fm_err e = {0};
    struct fm_id *bundle = malloc(2 * sizeof *bundle);
    unsigned r = (unsigned)m->round + 1;

    CHECK(bundle, "memory");
    bundle[0] = id_of(16 * r);
    bundle[1] = id_of(16 * r + 1);
    CHECK(fm_model_succeed(m, bundle, 2, &e) == 0, "%s", e.msg);
    CHECK(fm_model_identify(m, &e) == 0, "%s", e.msg);
}

/* A chain of models under a lineage: what each knows of those before. */
static void
chain(uint32_t lineage)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_err e = {0};
    struct fm_id was[8];

    m->set.lineage = lineage;
    CHECK(fm_model_identify(m, &e) == 0, "%s", e.msg);
    was[0] = m->id;
    for (uint32_t r = 1; r < 8; r++) {
        struct fm_buf file = {0}, again = {0};
        struct fm_model *back;

        succeed(m);
        was[r] = m->id;
        CHECK(fm_model_dump(&file, m, &e) == 0, "%s", e.msg);
        CHECK(fm_buf_add(&again, file.data, file.len, NULL) == 0, "memory");
        back = fm_model_parse(&again, &e);
        CHECK(back, "%s", e.msg);
        CHECK(memmem(file.data, file.len, "fedmrn.ancestors", 16)
                  ? r > 1 && lineage > 1
                  : r == 1 || lineage == 1,
              "ancestors in round %u", r);
        for (uint32_t late = 0; late <= 8; late++) {
            const struct fm_id *id = fm_model_past(back, late);

            CHECK((id != NULL) == (late <= r && late <= lineage), "%u of %u",
                  late, r);
            CHECK(!id || fm_id_cmp(id, &was[r - late]) == 0, "%u of %u", late,
                  r);
        }
        for (unsigned n = 16; n < 16 * 8 + 2; n++) {
            const struct fm_id bundle = id_of(n);
            const bool known =
                n % 16 < 2 && n / 16 <= r && n / 16 + lineage > r;

            CHECK(fm_model_counted(back, &bundle) == (known ? n / 16 : 0),
                  "bundle %u in round %u: %d", n, r,
                  (int)fm_model_counted(back, &bundle));
        }
        /* It is the same model, and has the same successor. */
        again = (struct fm_buf){0};
        CHECK(fm_model_dump(&again, back, &e) == 0, "%s", e.msg);
        CHECK(again.len == file.len && !memcmp(again.data, file.data, file.len),
              "another file");
        fm_model_free(back);
        fm_buf_free(&file);
        fm_buf_free(&again);
    }
    fm_model_free(m);
}

/* The text of ancestors with something else in its place. */
static void
lie(const char *from, const char *to, const char *message)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM), *bad;
    struct fm_err e = {0};
    struct fm_buf file = {0};
    uint8_t *at;

    m->set.lineage = 3;
    succeed(m);
    succeed(m);
    succeed(m);
    CHECK(fm_model_dump(&file, m, NULL) == 0, "dump");
    CHECK(strlen(from) == strlen(to), "%s", from);
    at = memmem(file.data, file.len, from, strlen(from));
    CHECK(at, "no %s", from);
    memcpy(at, to, strlen(to));
    /* Seal it again, as who lies would. */
    at = memmem(file.data, file.len, "fedmrn.checksum\":\"", 18);
    CHECK(at, "no checksum");
    memset(at + 18, '0', 32);
    {
        struct fm_id sum = fm_hash128(file.data, file.len);
        char hex[FM_ID_HEX];

        memcpy(at + 18, fm_id_hex(hex, &sum), 32);
    }
    bad = fm_model_parse(&file, &e);
    CHECK(!bad && e.code == FM_EINPUT, "accepted: %s", to);
    CHECK(strstr(e.msg, message), "%s, not: %s", message, e.msg);
    fm_buf_free(&file);
    fm_model_free(m);
}

static void
missing(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_err e = {0};

    m->set.lineage = 3;
    m->round = 3;
    CHECK(fm_model_read_past(m, NULL, &e) == FM_EINPUT, "no ancestors");
    CHECK(strstr(e.msg, "does not fit the model's lineage"), "%s", e.msg);
    fm_model_free(m);
}

int
main(void)
{
    chain(1);
    chain(2);
    chain(3);
    chain(64);
    lie("fedmrn.ancestors", "fedmrn.ancestorz", "does not belong");
    lie("00200000000000000000000000000000 0021",
        "00210000000000000000000000000000 0020", "is not in order");
    lie("00100000000000000000000000000000 0011",
        "0010000000000000000000000000000g 0011", "is not an id");
    lie("00210000000000000000000000000000;",
        "00210000000000000000000000000000 ", "ancestors: ");
    lie("00210000000000000000000000000000;",
        "0021000000000000000000000000000;0", "ancestors: not lists of ids");
    lie(" 00200000000000000000000000000000",
        ";00200000000000000000000000000000", "ancestors: not lists of ids");
    lie("00200000000000000000000000000000 0021",
        "00200000000000000000000000000000x0021", "is not an id");
    lie("\"fedmrn.lineage\":\"3\"", "\"fedmrn.lineage\":\"1\"",
        "does not fit the model's lineage");
    missing();
    lie("\"fedmrn.lineage\":\"3\"", "\"fedmrn.lineage\":\"2\"", "ancestors: ");
    return 0;
}
