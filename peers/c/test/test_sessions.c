#include "test.h"

#include "broker.h"
#include "talk.h"

#include <stdlib.h>
#include <string.h>

#define DELIVERY(queue, tag, redelivered)                                                                    \
    "{\"type\":\"delivery\",\"queue\":\"" queue "\",\"delivery_tag\":" tag ",\"redelivered\":" redelivered   \
    ",\"exchange\":\"x\",\"routing_key\":\"k\",\"properties\":{},\"body\":{\"type\":\"inline\",\"value\":"   \
    "\"b\",\"native\":"                                                                                      \
    "\"bytes\"}}\n"
#define OK(id) "{\"type\":\"ok\",\"id\":" id "}\n"

static const struct offer OFFERS[] = {
    {"q", 3, "\0\0", 2, "b", NOTHING_MORE},
    {"cancels", 1, "\0\0", 2, "b", CANCELS},
    {"channel", 1, "\0\0", 2, "b", CLOSES_CHANNEL},
    {"connection", 1, "\0\0", 2, "b", CLOSES_CONNECTION},
    {"socket", 1, "\0\0", 2, "b", HANGS_UP},
    {"empty-key", 2, "\x20\0\0\0\0\2\0V", 8, "b", NOTHING_MORE},
    {"unknown-tag", 1, "\x20\0\0\0\0\3\1kU", 9, "b", NOTHING_MORE},
};

struct scene {
    struct broker *broker;
    struct talk talk;
};

static void open_scene(struct scene *scene) {
    scene->broker = broker_start(OFFERS, sizeof OFFERS / sizeof *OFFERS);
    talk_start(&scene->talk);
    talk_connect(&scene->talk, broker_url(scene->broker));
    if (!talk_wrote(&scene->talk, OK("1")))
        failed++;
}

// What a consumer asked of the broker, for the caller to free.
static char *close_scene(struct scene *scene) {
    talk_end(&scene->talk);
    return broker_end(scene->broker);
}

static void ask(struct scene *scene, const char *line) { talk_ask(&scene->talk, line); }

static void deliveries_follow_the_answer_in_order(void) {
    struct scene scene;
    open_scene(&scene);
    ask(&scene, "{\"op\":\"consume\",\"id\":2,\"queue\":\"q\"}");
    talk_wait(&scene.talk, 4);
    EXPECT(talk_wrote(&scene.talk, OK("2") DELIVERY("q", "1", "true") DELIVERY("q", "2", "true")
                                       DELIVERY("q", "3", "true")),
           "consume");
    free(close_scene(&scene));
}

static void no_delivery_follows_the_answer_to_a_cancel(void) {
    struct scene scene;
    open_scene(&scene);
    ask(&scene, "{\"op\":\"consume\",\"id\":2,\"queue\":\"q\"}");
    ask(&scene, "{\"op\":\"cancel\",\"id\":3,\"queue\":\"q\"}");
    EXPECT(talk_wrote(&scene.talk, OK("2") DELIVERY("q", "1", "true") DELIVERY("q", "2", "true")
                                       DELIVERY("q", "3", "true") OK("3")),
           "cancel");
    ask(&scene, "{\"op\":\"cancel\",\"id\":4,\"queue\":\"q\"}");
    EXPECT(talk_wrote(&scene.talk, "{\"type\":\"error\",\"id\":4,\"kind\":\"bug\",...\n"), "a second cancel");
    free(close_scene(&scene));
}

static void the_brokers_end_of_a_consumer_is_told_after_its_deliveries(void) {
    static const struct {
        const char *queue, *wrote, *then;
    } cases[] = {
        {"cancels",
         OK("2") DELIVERY("cancels", "1", "true") "{\"type\":\"cancelled\",\"queue\":\"cancels\"}\n",
         OK("3")},
        {"channel",
         OK("2") DELIVERY("channel", "1",
                          "true") "{\"type\":\"closed\",\"message\":\"PRECONDITION_FAILED\",\"code\":406,"
                                  "\"scope\":\"channel\"}\n",
         "{\"type\":\"error\",\"id\":3,\"kind\":\"disconnected\",\"message\":\"PRECONDITION_FAILED\","
         "\"code\":406,\"scope\":"
         "\"channel\"}\n"},
        {"connection",
         OK("2") DELIVERY("connection", "1",
                          "true") "{\"type\":\"closed\",\"message\":\"INTERNAL_ERROR\",\"code\":541,"
                                  "\"scope\":\"connection\"}\n",
         "{\"type\":\"error\",\"id\":3,\"kind\":\"disconnected\",\"message\":\"INTERNAL_ERROR\",\"code\":541,"
         "...\n"},
        {"socket",
         OK("2")
             DELIVERY("socket", "1",
                      "true") "{\"type\":\"closed\",\"message\":\"connection closed unexpectedly\",\"scope\":"
                              "\"connection\"}\n",
         "{\"type\":\"error\",\"id\":3,\"kind\":\"disconnected\",...\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;
        char line[100];
        open_scene(&scene);
        snprintf(line, sizeof line, "{\"op\":\"consume\",\"id\":2,\"queue\":\"%s\"}", cases[i].queue);
        ask(&scene, line);
        talk_wait(&scene.talk, 3);
        EXPECT(talk_wrote(&scene.talk, cases[i].wrote), "%s", cases[i].queue);
        ask(&scene, "{\"op\":\"ack\",\"id\":3,\"delivery_tag\":1}");
        EXPECT(talk_wrote(&scene.talk, cases[i].then), "after %s", cases[i].queue);
        free(close_scene(&scene));
    }
}

static void a_message_that_the_library_does_not_take_is_undecodable(void) {
    struct scene scene;
    open_scene(&scene);
    ask(&scene, "{\"op\":\"consume\",\"id\":2,\"queue\":\"empty-key\"}");
    talk_wait(&scene.talk, 3);
    EXPECT(
        talk_wrote(
            &scene.talk,
            OK("2") "{\"type\":\"undecodable\",\"queue\":\"empty-key\",\"message\":\"invalid parameter\"}\n"
                    "{\"type\":\"undecodable\",...\n"),
        "a key that is empty");
    ask(&scene, "{\"op\":\"declare_queue\",\"id\":3,\"name\":\"q\"}");
    EXPECT(talk_wrote(&scene.talk, OK("3")), "it goes on");
    free(close_scene(&scene));
    open_scene(&scene);
    ask(&scene, "{\"op\":\"consume\",\"id\":2,\"queue\":\"unknown-tag\"}");
    talk_wait(&scene.talk, 3);
    EXPECT(talk_wrote(&scene.talk, OK("2") "{\"type\":\"undecodable\",\"queue\":\"unknown-tag\",...\n"
                                           "{\"type\":\"closed\",...\n"),
           "an unknown tag");
    free(close_scene(&scene));
}

static void get_is_one_message_or_none_whatever_is_consumed(void) {
    struct scene scene;
    open_scene(&scene);
    ask(&scene, "{\"op\":\"get\",\"id\":2,\"queue\":\"none\"}");
    ask(&scene, "{\"op\":\"get\",\"id\":3,\"queue\":\"q\"}");
    EXPECT(talk_wrote(&scene.talk, "{\"type\":\"empty\",\"id\":2}\n" OK("3") DELIVERY("q", "1", "false")),
           "alone");
    ask(&scene, "{\"op\":\"consume\",\"id\":4,\"queue\":\"q\"}");
    ask(&scene, "{\"op\":\"get\",\"id\":5,\"queue\":\"q\"}");
    EXPECT(talk_wrote(&scene.talk, OK("4") DELIVERY("q", "1", "true") DELIVERY("q", "2", "true")
                                       DELIVERY("q", "3", "true") OK("5") DELIVERY("q", "1", "false")),
           "among deliveries");
    free(close_scene(&scene));
}

static void what_a_consumer_asks_reaches_the_wire(void) {
    static const char *const lines[] = {
        "{\"op\":\"consume\",\"id\":2,\"queue\":\"z\",\"prefetch\":7,\"no_ack\":true}",
        "{\"op\":\"consume\",\"id\":3,\"queue\":\"z\",\"exclusive\":true,\"arguments\":{\"type\":\"table\","
        "\"value\":[[\"k\","
        "{\"type\":\"void\"}]]}}",
        "{\"op\":\"ack\",\"id\":4,\"delivery_tag\":1,\"multiple\":true}",
        "{\"op\":\"nack\",\"id\":5,\"delivery_tag\":2,\"multiple\":true,\"requeue\":false}",
        "{\"op\":\"nack\",\"id\":6,\"delivery_tag\":3}",
        "{\"op\":\"reject\",\"id\":7,\"delivery_tag\":4}",
        "{\"op\":\"reject\",\"id\":8,\"delivery_tag\":5,\"requeue\":false}",
    };
    struct scene scene;
    open_scene(&scene);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ask(&scene, lines[i]);
    EXPECT(talk_wrote(&scene.talk, OK("2") OK("3") OK("4") OK("5") OK("6") OK("7") OK("8")), "replies");
    char *asked = close_scene(&scene);
    EXPECT(
        strcmp(
            asked,
            "10 00000000000700;20 0000017a0a636f6e73756d65722d310200000000;10 00000000000000;"
            "20 0000017a0a636f6e73756d65722d320400000003016b56;80 000000000000000101;"
            "120 000000000000000201;120 000000000000000302;90 000000000000000401;90 000000000000000500;") ==
            0,
        "got %s", asked);
    free(asked);
}

static void publish_with(struct scene *scene, const char *key, const char *more) {
    char line[300];
    snprintf(line, sizeof line,
             "{\"op\":\"publish\",\"id\":9,\"exchange\":\"\",\"routing_key\":\"%s\",\"message\":{"
             "\"properties\":{},\"body\":"
             "{\"type\":\"inline\",\"value\":\"x\"}}%s}",
             key, more);
    ask(scene, line);
}

static void the_brokers_word_on_a_confirmed_publish_is_told(void) {
    static const char *const confirm = ",\"confirm\":true,\"mandatory\":true";
    struct scene scene;
    open_scene(&scene);
    publish_with(&scene, "plain", "");
    publish_with(&scene, "plain", confirm);
    publish_with(&scene, "nack", confirm);
    publish_with(&scene, "return", ",\"mandatory\":true");
    publish_with(&scene, "plain", confirm); // the return before is not this one's
    publish_with(&scene, "return", confirm);
    EXPECT(talk_wrote(&scene.talk,
                      OK("9") "{\"type\":\"confirmed\",\"id\":9}\n{\"type\":\"nacked\",\"id\":9}\n" OK(
                          "9") "{\"type\":\"confirmed\",\"id\":9}\n{\"type\":\"returned\",\"id\":9,\"code\":"
                               "312,\"text\":"
                               "\"NO_ROUTE\"}\n"),
           "words");
    publish_with(&scene, "channel", confirm);
    EXPECT(
        talk_wrote(
            &scene.talk,
            "{\"type\":\"error\",\"id\":9,\"kind\":\"disconnected\",\"message\":\"NOT_FOUND\",\"code\":404,"
            "\"scope\":\"channel\"}\n"),
        "a channel that closes");
    free(close_scene(&scene));
}

static void a_poison_message_closes_the_connection_and_is_told_once(void) {
    struct scene scene;
    open_scene(&scene);
    publish_with(&scene, "connection", "");
    talk_wait(&scene.talk, 2);
    EXPECT(talk_wrote(&scene.talk,
                      OK("9") "{\"type\":\"closed\",\"message\":\"INTERNAL_ERROR\",\"code\":541,\"scope\":"
                              "\"connection\"}\n"),
           "without confirm");
    publish_with(&scene, "plain", "");
    EXPECT(talk_wrote(
               &scene.talk,
               "{\"type\":\"error\",\"id\":9,\"kind\":\"disconnected\",\"message\":\"INTERNAL_ERROR\",...\n"),
           "afterwards");
    free(close_scene(&scene));
}

static void a_refused_declare_is_told_with_its_code(void) {
    static const char *const lines[] = {
        "{\"op\":\"declare_exchange\",\"id\":2,\"name\":\"refused\",\"kind\":\"topic\"}",
        "{\"op\":\"declare_queue\",\"id\":2,\"name\":\"refused\",\"passive\":true}",
        "{\"op\":\"bind\",\"id\":2,\"queue\":\"refused\",\"exchange\":\"e\",\"routing_key\":\"#\"}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct scene scene;
        open_scene(&scene);
        ask(&scene, lines[i]);
        EXPECT(talk_wrote(&scene.talk, "{\"type\":\"error\",\"id\":2,\"kind\":\"disconnected\",\"message\":"
                                       "\"PRECONDITION_FAILED\",\"code\":406,\"scope\":\"channel\"}\n"),
               "%s", lines[i]);
        free(close_scene(&scene));
    }
}

void test_sessions(void) {
    deliveries_follow_the_answer_in_order();
    no_delivery_follows_the_answer_to_a_cancel();
    the_brokers_end_of_a_consumer_is_told_after_its_deliveries();
    a_message_that_the_library_does_not_take_is_undecodable();
    get_is_one_message_or_none_whatever_is_consumed();
    what_a_consumer_asks_reaches_the_wire();
    the_brokers_word_on_a_confirmed_publish_is_told();
    a_poison_message_closes_the_connection_and_is_told_once();
    a_refused_declare_is_told_with_its_code();
}
