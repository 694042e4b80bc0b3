// The library's headers, where its releases have them: from 0.12 on in a folder of their own.
#ifndef LIBRARY_H
#define LIBRARY_H

#include <stdint.h>
#include <sys/time.h>

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_tcp_socket.h>
#endif

#endif
