#include "server/handshakes.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/thread.h"

enum { AT_ONCE = 64 };

struct handshake {
    struct handshakes *room;
    struct MHD_Connection *connection;
    int descriptor;
    bool over;
    struct handshake *previous; /* of those that wait; under the room's lock */
    struct handshake *next;
};

struct handshakes {
    int epoll;
    int wake; /* an eventfd */
    struct thread *thread;
    struct lock *lock; /* guards what follows, and who is suspended */
    struct handshake *first;
    bool closed;
};

/* The kernel wakes nobody for less than that. */
static void expect(const struct handshake *handshake, size_t bytes)
{
    const int least = bytes > INT16_MAX ? INT16_MAX : (int)bytes;
    (void)setsockopt(handshake->descriptor, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof least);
}

static void take_up(struct handshakes *room, struct handshake *handshake)
{
    if (handshake->previous == NULL) {
        room->first = handshake->next;
    } else {
        handshake->previous->next = handshake->next;
    }
    if (handshake->next != NULL) {
        handshake->next->previous = handshake->previous;
    }
    (void)epoll_ctl(room->epoll, EPOLL_CTL_DEL, handshake->descriptor, NULL);
    expect(handshake, 1);
    MHD_resume_connection(handshake->connection);
}

static void put_aside(struct handshake *handshake, size_t wanted_bytes)
{
    struct handshakes *room = handshake->room;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = handshake};
    lock_take(room->lock);
    if (!room->closed) {
        expect(handshake, wanted_bytes);
        if (epoll_ctl(room->epoll, EPOLL_CTL_ADD, handshake->descriptor, &event) == 0) {
            MHD_suspend_connection(handshake->connection);
            handshake->previous = NULL;
            handshake->next = room->first;
            if (room->first != NULL) {
                room->first->previous = handshake;
            }
            room->first = handshake;
        } else {
            (void)shutdown(handshake->descriptor, SHUT_RDWR);
        }
    }
    lock_release(room->lock);
}

/* GnuTLS asks for what a record lacks, no more; and it asks on libmicrohttpd's own thread, which is
 * the one that may suspend. */
static ssize_t pull(gnutls_transport_ptr_t context, void *bytes, size_t wanted_bytes)
{
    struct handshake *handshake = context;
    ssize_t got = recv(handshake->descriptor, bytes, wanted_bytes, 0);
    if (got < 0 && errno == EAGAIN && !handshake->over) {
        put_aside(handshake, wanted_bytes);
        errno = EAGAIN;
    }
    return got;
}

/* The client's word is the last. */
static int on_finished(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                       const gnutls_datum_t *message)
{
    gnutls_transport_ptr_t receive = NULL;
    gnutls_transport_ptr_t send = NULL;
    (void)type, (void)when, (void)message;
    gnutls_transport_get_ptr2(session, &receive, &send);
    struct handshake *handshake = receive;
    handshake->over = handshake->over || incoming != 0;
    return 0;
}

struct handshake *handshakes_begin(struct handshakes *handshakes, struct MHD_Connection *connection)
{
    struct handshake *handshake = memory_allocate(1, sizeof *handshake);
    gnutls_session_t session =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
    handshake->room = handshakes;
    handshake->connection = connection;
    handshake->descriptor =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    gnutls_transport_set_ptr2(session, handshake, gnutls_transport_get_ptr(session));
    gnutls_transport_set_pull_function(session, pull);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST,
                                       on_finished);
    return handshake;
}

void handshakes_end(struct handshake **handshake)
{
    memory_free(*handshake);
    *handshake = NULL;
}

static void wait_for_all(void *context)
{
    struct handshakes *room = context;
    struct epoll_event ready[AT_ONCE];
    bool closed = false;
    thread_be_nice(LIMITS_PEER_NICENESS);
    while (!closed) {
        int count = epoll_wait(room->epoll, ready, AT_ONCE, -1);
        lock_take(room->lock);
        closed = room->closed;
        for (int i = 0; i < count && !closed; i++) {
            take_up(room, ready[i].data.ptr);
        }
        lock_release(room->lock);
    }
}

enum result handshakes_create(struct handshakes **handshakes_out)
{
    struct handshakes *room = memory_allocate(1, sizeof *room);
    struct epoll_event event = {.events = EPOLLIN};
    room->lock = lock_create();
    room->epoll = epoll_create1(EPOLL_CLOEXEC);
    room->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (room->epoll < 0 || room->wake < 0 ||
        epoll_ctl(room->epoll, EPOLL_CTL_ADD, room->wake, &event) != 0 ||
        thread_start("handshakes", wait_for_all, room, &room->thread) != RESULT_OK) {
        handshakes_destroy(&room);
        return RESULT_IO;
    }
    *handshakes_out = room;
    return RESULT_OK;
}

void handshakes_close(struct handshakes *handshakes)
{
    const uint64_t one = 1;
    if (handshakes == NULL) {
        return;
    }
    lock_take(handshakes->lock);
    handshakes->closed = true;
    lock_release(handshakes->lock);
    (void)!write(handshakes->wake, &one, sizeof one);
    thread_join(&handshakes->thread);
    lock_take(handshakes->lock);
    while (handshakes->first != NULL) {
        take_up(handshakes, handshakes->first);
    }
    lock_release(handshakes->lock);
}

void handshakes_destroy(struct handshakes **handshakes)
{
    struct handshakes *room = *handshakes;
    if (room == NULL) {
        return;
    }
    if (room->epoll >= 0) {
        (void)close(room->epoll);
    }
    if (room->wake >= 0) {
        (void)close(room->wake);
    }
    lock_destroy(&room->lock);
    memory_free(room);
    *handshakes = NULL;
}
