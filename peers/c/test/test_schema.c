#include "test.h"

#include "schema.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct schema *load(const char *name, char *fault, size_t size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/schema/%s", contract, name);
    return schema_load(path, fault, size);
}

#define PUBLISH(message)                                                                                     \
    "{\"op\":\"publish\",\"id\":5,\"exchange\":\"\",\"routing_key\":\"\",\"message\":{" message "}}"
#define BODY "\"body\":{\"type\":\"inline\",\"value\":\"\"}"

// Lines, each with a word of what must be wrong with it; NULL if nothing is.
static const struct {
    const char *line, *fault;
} REQUESTS[] = {
    {"{\"op\":\"describe\",\"id\":1}", NULL},
    {"{\"op\":\"get\",\"id\":1,\"queue\":{\"base64\":\"/w==\"}}", NULL},
    {"{\"op\":\"consume\",\"id\":1,\"queue\":\"q\",\"prefetch\":65535,\"no_ack\":true}", NULL},
    {PUBLISH("\"framing\":null,\"properties\":{}," BODY), NULL},
    {PUBLISH("\"properties\":{\"priority\":{\"type\":\"octet\",\"value\":\"5\"}}," BODY), NULL},
    {"[]", "of no kind"},
    {"{\"id\":1}", "op"},
    {"{\"id\":1,\"op\":2}", "op"},
    {"{\"op\":\"purge\",\"id\":1}", "op"},
    {"{\"op\":\"describe\"}", "missing: id"},
    {"{\"op\":\"describe\",\"id\":0}", "/id"},
    {"{\"op\":\"describe\",\"id\":\"1\"}", "/id"},
    {"{\"op\":\"describe\",\"id\":1.0}", "/id"},
    {"{\"op\":\"describe\",\"id\":1,\"now\":true}", "now"},
    {"{\"op\":\"consume\",\"id\":1,\"queue\":\"q\",\"prefetch\":65536}", "/prefetch"},
    {"{\"op\":\"get\",\"id\":1,\"queue\":5}", "/queue"},
    {"{\"op\":\"declare_exchange\",\"id\":1,\"name\":\"x\",\"kind\":\"odd\"}", "/kind"},
    {PUBLISH("\"properties\":{}"), "missing: body"},
    {PUBLISH("\"properties\":{\"colour\":{\"type\":\"shortstr\",\"value\":\"x\"}}," BODY), "colour"},
    {PUBLISH("\"properties\":{\"app_id\":{\"type\":\"char\",\"value\":\"x\"}}," BODY),
     "/message/properties/app_id"},
    {PUBLISH("\"properties\":{\"priority\":{\"type\":\"octet\",\"value\":5}}," BODY), "/priority/value"},
    {PUBLISH("\"properties\":{\"priority\":{\"type\":\"octet\",\"value\":\"05\"}}," BODY), "/priority/value"},
    {PUBLISH("\"properties\":{\"priority\":{\"type\":\"octet\",\"value\":\"5\\u0000\"}}," BODY),
     "/priority/value"},
    {PUBLISH("\"properties\":{\"headers\":{\"type\":\"table\",\"value\":[[\"k\"]]}}," BODY), "few"},
    {PUBLISH(
         "\"properties\":{\"headers\":{\"type\":\"table\",\"value\":[[\"k\",{\"type\":\"void\"},1]]}}," BODY),
     "many"},
    {PUBLISH(
         "\"properties\":{\"headers\":{\"type\":\"table\",\"value\":[[\"k\",{\"type\":\"array\",\"value\":"
         "[{\"type\":\"void\",\"value\":\"x\"}]}]]}}," BODY),
     "/headers/value/0/1/value/0"},
};

static void a_request_is_checked_and_its_fault_is_named(void) {
    char fault[400] = "";
    struct schema *schema = load("peer-request.schema.json", fault, sizeof fault);
    EXPECT(schema != NULL, "%s", fault);
    for (size_t i = 0; i < sizeof REQUESTS / sizeof *REQUESTS; i++) {
        const char *line = REQUESTS[i].line, *want = REQUESTS[i].fault;
        json_t *value = json_loads(line, JSON_ALLOW_NUL, NULL);
        EXPECT(value != NULL, "%s is no JSON", line);
        bool good = schema_check(schema, value, fault, sizeof fault);
        EXPECT(good == (want == NULL), "%s: %s", line, good ? "accepted" : fault);
        EXPECT(good || strstr(fault, want) != NULL, "%s: got %s, want %s", line, fault, want);
        json_decref(value);
    }
    schema_free(schema);
}

// Loads a schema of that text.
static bool loads(const char *text, char *fault, size_t size) {
    char path[] = "/tmp/schema-XXXXXX";
    int file = mkstemp(path);
    ssize_t written = write(file, text, strlen(text));
    close(file);
    struct schema *schema = written < 0 ? NULL : schema_load(path, fault, size);
    unlink(path);
    if (schema != NULL)
        schema_free(schema);
    return schema != NULL;
}

static void a_schema_with_a_word_that_is_not_known_is_refused(void) {
    static const struct {
        const char *text, *fault;
    } cases[] = {
        {"{\"type\":\"object\"}", NULL},
        {"{\"oneOf\":[]}", "oneOf"},
        {"{\"properties\":{\"a\":{\"items\":{\"format\":\"uri\"}}}}", "format"},
        {"{\"$ref\":\"#/$defs/None\"}", "nowhere"},
        {"{\"pattern\":\"[\"}", "pattern"},
        {"[]", "cannot be read"},
        {"{", "cannot be read"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char fault[4400] = "";
        bool good = loads(cases[i].text, fault, sizeof fault);
        EXPECT(good == (cases[i].fault == NULL), "%s: %s", cases[i].text, good ? "accepted" : fault);
        EXPECT(good || strstr(fault, cases[i].fault) != NULL, "%s: got %s", cases[i].text, fault);
    }
}

void test_schema(void) {
    a_request_is_checked_and_its_fault_is_named();
    a_schema_with_a_word_that_is_not_known_is_refused();
}
