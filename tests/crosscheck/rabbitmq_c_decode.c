/* What rabbitmq-c makes of field tables and property lists, for the test beside this file.
 *
 * A line in: "T" and the hex of a table (its length first), or "H" and the hex of a property list (its flag
 * word first). A line out: the notation below, or "error" and rabbitmq-c's status.
 *   t0 t1 | b B s u I i l L T and a decimal number | f d and the hex of their bits | Dscale/unscaled
 *   S x and the hex of the bytes | A[,...] | F{hexkey:value,...} | V
 * of properties: name=value; with $hex for a short string and #number for an octet.
 */
#include <amqp.h>
#include <amqp_framing.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_hex(amqp_bytes_t bytes) {
  for (size_t i = 0; i < bytes.len; i++) printf("%02x", ((unsigned char *)bytes.bytes)[i]);
}

static void print_table(const amqp_table_t *table);

static void print_array(const amqp_array_t *array);

static void print_bits(char tag, const void *number, size_t size) {
  uint64_t wide = 0;
  uint32_t narrow = 0;
  if (size == sizeof wide) {
    memcpy(&wide, number, size);
    printf("%c%016" PRIx64, tag, wide);
  } else {
    memcpy(&narrow, number, size);
    printf("%c%08" PRIx32, tag, narrow);
  }
}

static void print_value(const amqp_field_value_t *field) {
  char tag = (char)field->kind;
  switch (field->kind) {
    case AMQP_FIELD_KIND_BOOLEAN: printf("t%d", field->value.boolean ? 1 : 0); break;
    case AMQP_FIELD_KIND_I8: printf("b%" PRId8, field->value.i8); break;
    case AMQP_FIELD_KIND_U8: printf("B%" PRIu8, field->value.u8); break;
    case AMQP_FIELD_KIND_I16: printf("s%" PRId16, field->value.i16); break;
    case AMQP_FIELD_KIND_U16: printf("u%" PRIu16, field->value.u16); break;
    case AMQP_FIELD_KIND_I32: printf("I%" PRId32, field->value.i32); break;
    case AMQP_FIELD_KIND_U32: printf("i%" PRIu32, field->value.u32); break;
    case AMQP_FIELD_KIND_I64: printf("l%" PRId64, field->value.i64); break;
    case AMQP_FIELD_KIND_U64:
    case AMQP_FIELD_KIND_TIMESTAMP: printf("%c%" PRIu64, tag, field->value.u64); break;
    case AMQP_FIELD_KIND_F32: print_bits(tag, &field->value.f32, 4); break;
    case AMQP_FIELD_KIND_F64: print_bits(tag, &field->value.f64, 8); break;
    case AMQP_FIELD_KIND_DECIMAL:
      printf("D%" PRIu8 "/%" PRIu32, field->value.decimal.decimals, field->value.decimal.value);
      break;
    case AMQP_FIELD_KIND_UTF8:
    case AMQP_FIELD_KIND_BYTES:
      putchar(tag);
      print_hex(field->value.bytes);
      break;
    case AMQP_FIELD_KIND_ARRAY: print_array(&field->value.array); break;
    case AMQP_FIELD_KIND_TABLE: print_table(&field->value.table); break;
    case AMQP_FIELD_KIND_VOID: putchar('V'); break;
    default: printf("?%d", (int)field->kind);
  }
}

static void print_array(const amqp_array_t *array) {
  printf("A[");
  for (int i = 0; i < array->num_entries; i++) {
    if (i) putchar(',');
    print_value(&array->entries[i]);
  }
  putchar(']');
}

static void print_table(const amqp_table_t *table) {
  printf("F{");
  for (int i = 0; i < table->num_entries; i++) {
    if (i) putchar(',');
    print_hex(table->entries[i].key);
    putchar(':');
    print_value(&table->entries[i].value);
  }
  putchar('}');
}

#define SHORTSTR(flag, name)                      \
  if (found->_flags & AMQP_BASIC_##flag##_FLAG) { \
    printf(#name "=$");                           \
    print_hex(found->name);                       \
    putchar(';');                                 \
  }

static void print_properties(const amqp_basic_properties_t *found) {
  SHORTSTR(CONTENT_TYPE, content_type)
  SHORTSTR(CONTENT_ENCODING, content_encoding)
  if (found->_flags & AMQP_BASIC_HEADERS_FLAG) {
    printf("headers=");
    print_table(&found->headers);
    putchar(';');
  }
  if (found->_flags & AMQP_BASIC_DELIVERY_MODE_FLAG) printf("delivery_mode=#%" PRIu8 ";", found->delivery_mode);
  if (found->_flags & AMQP_BASIC_PRIORITY_FLAG) printf("priority=#%" PRIu8 ";", found->priority);
  SHORTSTR(CORRELATION_ID, correlation_id)
  SHORTSTR(REPLY_TO, reply_to)
  SHORTSTR(EXPIRATION, expiration)
  SHORTSTR(MESSAGE_ID, message_id)
  if (found->_flags & AMQP_BASIC_TIMESTAMP_FLAG) printf("timestamp=T%" PRIu64 ";", found->timestamp);
  SHORTSTR(TYPE, type)
  SHORTSTR(USER_ID, user_id)
  SHORTSTR(APP_ID, app_id)
  SHORTSTR(CLUSTER_ID, cluster_id)
}

static size_t from_hex(const char *text, unsigned char *octets) {
  size_t length = 0;
  unsigned int octet;
  while (sscanf(text + 2 * length, "%2x", &octet) == 1) octets[length++] = (unsigned char)octet;
  return length;
}

static void answer(const char *line, amqp_pool_t *pool, unsigned char *octets) {
  amqp_bytes_t encoded = {from_hex(line + 1, octets), octets};
  int status;
  if (line[0] == 'T') {
    amqp_table_t table;
    size_t offset = 0;
    status = amqp_decode_table(encoded, pool, &table, &offset);
    if (status >= 0) print_table(&table);
  } else {
    void *properties;
    status = amqp_decode_properties(AMQP_BASIC_CLASS, pool, encoded, &properties);
    if (status >= 0) print_properties(properties);
  }
  if (status < 0) printf("error %d", status);
  putchar('\n');
  fflush(stdout);
}

int main(void) {
  char *line = NULL;
  size_t room = 0;
  ssize_t length;
  while ((length = getline(&line, &room, stdin)) > 0) {
    unsigned char *octets = calloc((size_t)length, 1);
    amqp_pool_t pool;
    init_amqp_pool(&pool, 4096);
    answer(line, &pool, octets);
    empty_amqp_pool(&pool);
    free(octets);
  }
  free(line);
  return 0;
}
