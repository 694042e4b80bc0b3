#include "text.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool base64_read(const char *text, size_t length, amqp_pool_t *pool, amqp_bytes_t *octets) {
    amqp_pool_alloc_bytes(pool, length / 4 * 3 + 1, octets);
    int count = EVP_DecodeBlock(octets->bytes, (const unsigned char *)text, (int)length);
    if (length % 4 != 0 || count < 0)
        return false;
    for (size_t i = length; i > 0 && text[i - 1] == '='; i--)
        count--;
    octets->len = (size_t)count;
    // Only the spelling that encoding gives is base64: no stray bits in the last letter, no blanks.
    char *again = malloc(length + 1);
    EVP_EncodeBlock((unsigned char *)again, octets->bytes, count);
    bool same = strlen(again) == length && memcmp(again, text, length) == 0;
    free(again);
    return same;
}

bool text_read(const json_t *text, amqp_pool_t *pool, amqp_bytes_t *octets, struct failure *failure) {
    if (json_is_string(text)) {
        *octets = (amqp_bytes_t){json_string_length(text), (void *)json_string_value(text)};
        return true;
    }
    const json_t *encoded = json_object_get(text, "base64");
    if (!base64_read(json_string_value(encoded), json_string_length(encoded), pool, octets))
        return fail(failure, BUG, "\"%s\" is not base64", json_string_value(encoded));
    return true;
}

json_t *text_write(amqp_bytes_t octets) {
    json_t *plain = json_stringn(octets.len > 0 ? octets.bytes : "", octets.len); // NULL if it is not UTF-8
    if (plain != NULL)
        return plain;
    char *encoded = malloc((octets.len + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)encoded, octets.bytes, (int)octets.len);
    json_t *made = json_pack("{s:s}", "base64", encoded);
    free(encoded);
    return made;
}

void sha256_hex(amqp_bytes_t octets, char digits[65]) {
    unsigned char sum[SHA256_DIGEST_LENGTH];
    SHA256(octets.len > 0 ? octets.bytes : (const void *)"", octets.len, sum);
    for (int i = 0; i < SHA256_DIGEST_LENGTH; i++)
        snprintf(digits + 2 * i, 3, "%02x", sum[i]);
}
