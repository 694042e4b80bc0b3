#include "test.h"

#include "text.h"

#include <string.h>

static void text_that_is_utf8_is_a_string_and_any_other_is_base64(void) {
    static const struct {
        const char *octets;
        size_t length;
        const char *json;
    } cases[] = {
        {"", 0, "\"\""},
        {"\xc3\xa9", 2, "\"\xc3\xa9\""},
        {"\xff\xfe", 2, "{\"base64\":\"//4=\"}"},
        {"\xed\xa0\x80", 3, "{\"base64\":\"7aCA\"}"}, // a surrogate
        {"a\0b", 3, "\"a\\u0000b\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        amqp_bytes_t octets = {cases[i].length, (void *)cases[i].octets}, back;
        struct failure failure;
        amqp_pool_t pool;
        init_amqp_pool(&pool, 4096);
        json_t *made = text_write(octets);
        char *text = json_dumps(made, JSON_COMPACT | JSON_ENCODE_ANY);
        EXPECT(strcmp(text, cases[i].json) == 0, "got %s, want %s", text, cases[i].json);
        EXPECT(text_read(made, &pool, &back, &failure), "%s", failure.message);
        EXPECT(back.len == octets.len && (octets.len == 0 || memcmp(back.bytes, octets.bytes, back.len) == 0),
               "%s comes back as other octets", text);
        free(text);
        json_decref(made);
        empty_amqp_pool(&pool);
    }
}

static void base64_that_no_encoder_writes_is_refused(void) {
    static const char *const cases[] = {"/x==", "AAA", "A===", "A=AA", " AAA", "AA\nA"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        amqp_bytes_t octets;
        struct failure failure = {0};
        amqp_pool_t pool;
        init_amqp_pool(&pool, 4096);
        json_t *text = json_pack("{s:s}", "base64", cases[i]);
        EXPECT(!text_read(text, &pool, &octets, &failure) && failure.kind == BUG, "%s was taken", cases[i]);
        json_decref(text);
        empty_amqp_pool(&pool);
    }
}

void test_text(void) {
    text_that_is_utf8_is_a_string_and_any_other_is_base64();
    base64_that_no_encoder_writes_is_refused();
}
