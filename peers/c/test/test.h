// The smallest test runner: a test is a function, its name a claim, and a failed expectation ends it.
#ifndef TEST_H
#define TEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

extern int failed;
extern const char *contract; // the folder of that name

#define EXPECT(condition, ...)                                                                               \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            printf("%s:%d: %s: ", __FILE__, __LINE__, __func__);                                             \
            printf(__VA_ARGS__);                                                                             \
            puts("");                                                                                        \
            failed++;                                                                                        \
            return;                                                                                          \
        }                                                                                                    \
    } while (0)

void test_text(void);
void test_schema(void);
void test_values(void);
void test_messages(void);
void test_peer(void);
void test_sessions(void);

// A file of the contract, as JSON.
json_t *contract_file(const char *name);

#endif
