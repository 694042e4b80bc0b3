#include "test.h"

#include <stdlib.h>

int failed;
const char *contract;

json_t *contract_file(const char *name) {
    char path[4096];
    json_error_t error;
    snprintf(path, sizeof path, "%s/%s", contract, name);
    json_t *value = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (value == NULL) {
        printf("%s: %s\n", path, error.text);
        exit(1);
    }
    return value;
}

int main(int count, char **words) {
    contract = count == 2 ? words[1] : "../../contract";
    test_text();
    test_schema();
    test_values();
    test_messages();
    test_peer();
    test_sessions();
    printf(failed == 0 ? "the tests of peers/c pass\n" : "%d tests of peers/c failed\n", failed);
    fflush(stdout);
    if (failed > 0)
        _Exit(1); // what a failed test leaves behind is no leak worth a report
    return 0;
}
