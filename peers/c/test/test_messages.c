#include "test.h"

#include "message.h"

#include <string.h>

static bool made_of(const char *json, amqp_pool_t *pool, amqp_basic_properties_t *made,
                    struct failure *failure) {
    json_t *properties = json_loads(json, 0, NULL);
    bool good = properties_read(properties, pool, made, failure);
    json_t *back = good ? properties_write(made) : NULL;
    if (good && !json_equal(back, properties))
        good = fail(failure, REFUSED, "they come back as others");
    json_decref(back);
    json_decref(properties);
    return good;
}

static void properties_that_are_present_come_back_and_no_others(void) {
    static const char *const cases[] = {
        "{}",
        "{\"content_type\":{\"type\":\"shortstr\",\"value\":\"\"},\"priority\":{\"type\":\"octet\",\"value\":"
        "\"0\"},"
        "\"headers\":{\"type\":\"table\",\"value\":[]},\"timestamp\":{\"type\":\"timestamp\",\"value\":\"0\"}"
        "}",
        "{\"cluster_id\":{\"type\":\"shortstr\",\"value\":{\"base64\":\"/w==\"}},\"delivery_mode\":{\"type\":"
        "\"octet\",\"value\":\"255\"},\"timestamp\":{\"type\":\"timestamp\",\"value\":"
        "\"18446744073709551615\"}}",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct failure failure;
        amqp_basic_properties_t made;
        amqp_pool_t pool;
        init_amqp_pool(&pool, 4096);
        EXPECT(made_of(cases[i], &pool, &made, &failure), "%s: %s", cases[i], failure.message);
        empty_amqp_pool(&pool);
    }
}

static void a_property_of_another_type_is_the_requests_fault(void) {
    static const char *const cases[] = {
        "{\"app_id\":{\"type\":\"octet\",\"value\":\"1\"}}",
        "{\"app_id\":{\"type\":\"longstr\",\"value\":\"x\"}}",
        "{\"priority\":{\"type\":\"octet\",\"value\":\"256\"}}",
        "{\"timestamp\":{\"type\":\"int64\",\"value\":\"1\"}}",
        "{\"headers\":{\"type\":\"array\",\"value\":[]}}",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct failure failure = {0};
        amqp_basic_properties_t made;
        amqp_pool_t pool;
        init_amqp_pool(&pool, 4096);
        EXPECT(!made_of(cases[i], &pool, &made, &failure) && failure.kind == BUG, "%s: taken", cases[i]);
        empty_amqp_pool(&pool);
    }
}

static void a_body_is_made_and_checked(void) {
    static const struct {
        const char *json, *want;
    } cases[] = {
        {"{\"type\":\"inline\",\"value\":\"ab\"}", "ab"},
        {"{\"type\":\"pattern\",\"pattern\":\"ab\",\"length\":5,\"sha256\":"
         "\"63ea7da01b95d35f72eb7f9bbd66bc16eff95f8e8f5bd1c2b1d9a7d1e6c05bd5\"}",
         NULL}, // of another body
        {"{\"type\":\"pattern\",\"pattern\":\"a\",\"length\":3,\"sha256\":"
         "\"9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0\"}",
         "aaa"},
        {"{\"type\":\"pattern\",\"pattern\":\"\",\"length\":0,\"sha256\":"
         "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}",
         ""},
        {"{\"type\":\"pattern\",\"pattern\":\"\",\"length\":1,\"sha256\":\"\"}", NULL},
        {"{\"type\":\"digest\",\"length\":1,\"sha256\":\"\"}", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct failure failure = {0};
        amqp_bytes_t octets;
        amqp_pool_t pool;
        init_amqp_pool(&pool, 4096);
        json_t *body = json_loads(cases[i].json, 0, NULL);
        bool good = body_read(body, &pool, &octets, &failure);
        EXPECT(good == (cases[i].want != NULL), "%s: %s", cases[i].json, good ? "taken" : failure.message);
        EXPECT(!good || (octets.len == strlen(cases[i].want) &&
                         (octets.len == 0 || memcmp(octets.bytes, cases[i].want, octets.len) == 0)),
               "%s: another body", cases[i].json);
        EXPECT(good || failure.kind == BUG, "%s: %s", cases[i].json, failure.message);
        json_decref(body);
        empty_amqp_pool(&pool);
    }
}

static void a_body_crosses_the_pipe_as_itself_up_to_its_limit(void) {
    static char text[4097];
    memset(text, 'a', sizeof text);
    json_t *small = body_write((amqp_bytes_t){4096, text}), *large = body_write((amqp_bytes_t){4097, text});
    EXPECT(json_string_length(json_object_get(small, "value")) == 4096, "4096 octets are not inline");
    const char *digest = json_string_value(json_object_get(large, "sha256"));
    EXPECT(digest != NULL &&
               strcmp(digest, "4e369b5618643c3abddd027b650bfa54810be3b418028a7c9d82299a59d008e8") == 0,
           "got %s", digest);
    json_decref(small);
    json_decref(large);
}

void test_messages(void) {
    properties_that_are_present_come_back_and_no_others();
    a_property_of_another_type_is_the_requests_fault();
    a_body_is_made_and_checked();
    a_body_crosses_the_pipe_as_itself_up_to_its_limit();
}
