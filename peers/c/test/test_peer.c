#include "test.h"

#include "talk.h"
#include "values.h"

#include <stdlib.h>
#include <string.h>

#define PUBLISH(message, more)                                                                               \
    "{\"op\":\"publish\",\"id\":5,\"exchange\":\"\",\"routing_key\":\"k\",\"message\":{" message "}" more "}"
#define BODY "\"body\":{\"type\":\"inline\",\"value\":\"x\"}"
#define HEADER(value)                                                                                        \
    PUBLISH("\"properties\":{\"headers\":{\"type\":\"table\",\"value\":[[\"k\"," value "]]}}," BODY, "")

static void without_a_connection_there_is_nothing_to_ask(void) {
    static const char *const lines[] = {
        PUBLISH("\"properties\":{}," BODY, ""),
        "{\"op\":\"declare_queue\",\"id\":5,\"name\":\"q\"}",
        "{\"op\":\"declare_exchange\",\"id\":5,\"name\":\"q\",\"kind\":\"topic\"}",
        "{\"op\":\"bind\",\"id\":5,\"queue\":\"q\",\"exchange\":\"e\",\"routing_key\":\"\"}",
        "{\"op\":\"consume\",\"id\":5,\"queue\":\"q\"}",
        "{\"op\":\"cancel\",\"id\":5,\"queue\":\"q\"}",
        "{\"op\":\"get\",\"id\":5,\"queue\":\"q\"}",
        "{\"op\":\"ack\",\"id\":5,\"delivery_tag\":1}",
        "{\"op\":\"nack\",\"id\":5,\"delivery_tag\":1}",
        "{\"op\":\"reject\",\"id\":5,\"delivery_tag\":1}",
    };
    struct talk talk;
    talk_start(&talk);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        EXPECT(talk_ask(&talk, lines[i]) == ANSWERED, "%s ends it", lines[i]);
        EXPECT(talk_wrote(&talk, "{\"type\":\"error\",\"id\":5,\"kind\":\"disconnected\",\"message\":"
                                 "\"no connection is open\"}\n"),
               "for %s", lines[i]);
    }
    talk_end(&talk);
}

static void every_declared_name_is_really_refused(void) {
    static const struct {
        const char *name, *line;
    } triggers[] = {
        {"framing", PUBLISH("\"properties\":{}," BODY ",\"framing\":{\"frames\":[1]}", "")},
        {"declare_queue:defaults", "{\"op\":\"declare_queue\",\"id\":5,\"name\":\"q\",\"defaults\":true}"},
        {"type:unparsed", HEADER("{\"type\":\"unparsed\",\"tag\":\"VQ==\",\"rest\":\"\"}")},
        {"range:longlong", HEADER("{\"type\":\"longlong\",\"value\":\"-1\"}")},
        {"range:decimal", HEADER("{\"type\":\"decimal\",\"value\":{\"scale\":\"2\",\"unscaled\":\"-314\"}}")},
    };
    struct talk talk;
    talk_start(&talk);
    talk_ask(&talk, "{\"op\":\"describe\",\"id\":1}");
    json_t *account = json_loads(talk.text, 0, NULL), *declared = json_object_get(account, "unsupported"),
           *name;
    EXPECT(json_array_size(declared) == sizeof triggers / sizeof *triggers, "%zu are declared",
           json_array_size(declared));
    talk.text[0] = 0;
    for (size_t i = 0; i < sizeof triggers / sizeof *triggers; i++) {
        size_t index;
        bool found = false;
        json_array_foreach(declared, index, name) found |=
            strcmp(json_string_value(name), triggers[i].name) == 0;
        EXPECT(found, "%s is not declared", triggers[i].name);
        char want[200];
        snprintf(
            want, sizeof want,
            "{\"type\":\"error\",\"id\":5,\"kind\":\"unsupported\",\"message\":\"declared as unsupported: "
            "%s\",\"what\":\"%s\"}\n",
            triggers[i].name, triggers[i].name);
        talk_ask(&talk, triggers[i].line);
        EXPECT(talk_wrote(&talk, want), "for %s", triggers[i].name);
    }
    json_decref(account);
    talk_end(&talk);
}

static void a_line_is_answered_if_it_has_an_id_and_else_ends_the_peer(void) {
    static const struct {
        const char *line;
        enum answered answered;
        const char *wrote;
    } cases[] = {
        {"{\"op\":\"purge\",\"id\":7}", ANSWERED,
         "{\"type\":\"error\",\"id\":7,\"kind\":\"bug\",\"message\":\"not a request: ...\n"},
        {"{\"op\":\"describe\"}", BROKEN, ""},
        {"junk", BROKEN, ""},
        {"", BROKEN, ""},
        {"{\"op\":\"connect\",\"id\":1,\"url\":\"\xff\"}", BROKEN, ""},
        {"{\"op\":\"connect\",\"id\":1,\"url\":\"\\ud800\"}", BROKEN, ""},
        {"{\"op\":\"close\",\"id\":8}", LAST, "{\"type\":\"ok\",\"id\":8}\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct talk talk;
        talk_start(&talk);
        EXPECT(talk_ask(&talk, cases[i].line) == cases[i].answered, "%s", cases[i].line);
        EXPECT(talk_wrote(&talk, cases[i].wrote), "for %s", cases[i].line);
        talk_end(&talk);
    }
}

static void a_url_that_cannot_be_used_is_not_repeated(void) {
    struct talk talk;
    talk_start(&talk);
    talk_connect(&talk, "http://guest:secret@127.0.0.1/");
    EXPECT(strstr(talk.text, "secret") == NULL, "%s", talk.text);
    EXPECT(talk_wrote(&talk, "{\"type\":\"error\",\"id\":1,\"kind\":\"refused\",...\n"), "a foreign scheme");
    talk_connect(&talk, "amqp://guest:secret@127.0.0.1:1/");
    EXPECT(strstr(talk.text, "secret") == NULL && strstr(talk.text, "\"scope\":\"connection\"") != NULL, "%s",
           talk.text);
    EXPECT(talk_wrote(&talk, "{\"type\":\"error\",\"id\":1,\"kind\":\"disconnected\",...\n"),
           "nobody listens");
    talk_end(&talk);
}

void test_peer(void) {
    without_a_connection_there_is_nothing_to_ask();
    every_declared_name_is_really_refused();
    a_line_is_answered_if_it_has_an_id_and_else_ends_the_peer();
    a_url_that_cannot_be_used_is_not_repeated();
}
