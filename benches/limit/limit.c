// What the kernel gives a program that does nothing but the system calls of a row: the yardstick of the
// benchmarks. One subcommand a row; built with cc when they run.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BUFFER (256 * 1024)
#define SECOND 1000000000LL

static void check(int ok, const char *what) {
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static struct sockaddr_in at(const char *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int listening(const char *port, int flags) {
    struct sockaddr_in address = at(port);
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | flags, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    check(bind(fd, (void *)&address, sizeof address) == 0, "bind");
    check(listen(fd, 4096) == 0, "listen");
    return fd;
}

static int connected(const char *port, int type) {
    struct sockaddr_in address = at(port);
    int fd = socket(AF_INET, type, 0);
    check(connect(fd, (void *)&address, sizeof address) == 0, "connect");
    return fd;
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SECOND + t.tv_nsec;
}

static void until(int64_t due) {
    struct timespec t = {due / SECOND, due % SECOND};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
    }
}

// discard PORT: receives and drops, without copying, and wakes up when two MiB are there (socket(7), SO_RCVLOWAT).
static void discard(char **args) {
    int listener = listening(args[0], 0), gathered = 2 << 20;
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &gathered, sizeof gathered);
        while (recv(fd, NULL, 1 << 30, MSG_TRUNC) > 0) {
        }
        close(fd);
    }
}

// A connection whose sender is not paced: bbr would halve what loopback carries, whoever sends.
static int unpaced(const char *port) {
    int fd = connected(port, SOCK_STREAM);
    // Where there is no cubic, all contestants send as the machine does.
    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
    return fd;
}

// source PORT BYTES: sends so many out of one buffer.
static void source(char **args) {
    static char buffer[BUFFER];
    int fd = unpaced(args[0]);
    for (int64_t left = atoll(args[1]); left > 0;) {
        ssize_t sent = send(fd, buffer, left < BUFFER ? (size_t)left : BUFFER, 0);
        check(sent > 0, "send");
        left -= sent;
    }
    shutdown(fd, SHUT_WR);
    check(recv(fd, buffer, 1, 0) == 0, "recv");
}

// file PORT PATH: the same out of a file.
static void file(char **args) {
    char byte;
    int fd = unpaced(args[0]), from = open(args[1], O_RDONLY), way[2];
    check(pipe(way) == 0, "pipe");
    fcntl(way[1], F_SETPIPE_SZ, 1 << 20);
    for (ssize_t held; (held = splice(from, NULL, way[1], NULL, 1 << 20, 0)) > 0;) {
        while (held > 0) {
            ssize_t sent = splice(way[0], NULL, fd, NULL, (size_t)held, SPLICE_F_MORE);
            check(sent > 0, "splice");
            held -= sent;
        }
    }
    shutdown(fd, SHUT_WR);
    check(recv(fd, &byte, 1, 0) == 0, "recv");
}

// exchange PORT: sends standard input, half-closes, prints the answer.
static void exchange(char **args) {
    char buffer[4096];
    ssize_t count;
    int fd = connected(args[0], SOCK_STREAM);
    while ((count = read(0, buffer, sizeof buffer)) > 0) {
        check(send(fd, buffer, (size_t)count, 0) == count, "send");
    }
    shutdown(fd, SHUT_WR);
    while ((count = recv(fd, buffer, sizeof buffer, 0)) > 0) {
        check(write(1, buffer, (size_t)count) == count, "write");
    }
}

struct server {
    int listener;
    int is_short;
};

// One message each, then closed; as many as wait.
static void accept_short(int poll, int listener) {
    char buffer[1024];
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0) {
            return;
        }
        if (recv(fd, buffer, sizeof buffer, 0) < 0) {
            struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
            epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
            continue;
        }
        send(fd, "x", 1, MSG_NOSIGNAL);
        close(fd);
    }
}

static void *serve(void *argument) {
    struct server *server = argument;
    static __thread char buffer[64 * 1024];
    struct epoll_event events[256], event = {.events = EPOLLIN, .data.fd = server->listener};
    int poll = epoll_create1(0);
    epoll_ctl(poll, EPOLL_CTL_ADD, server->listener, &event);
    for (;;) {
        int count = epoll_wait(poll, events, 256, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == server->listener && server->is_short) {
                accept_short(poll, fd);
            } else if (fd == server->listener) {
                while ((fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    event = (struct epoll_event){.events = EPOLLIN, .data.fd = fd};
                    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
                }
            } else {
                ssize_t came = recv(fd, buffer, sizeof buffer, 0);
                if (came > 0 && !server->is_short) {
                    send(fd, buffer, (size_t)came, MSG_NOSIGNAL);
                } else {
                    send(fd, "x", came > 0, MSG_NOSIGNAL);
                    close(fd);
                }
            }
        }
    }
    return NULL;
}

// echo PORT, short PORT: a thread a core, each with a poll set, on one listener.
static void servers(char **args, int is_short) {
    static struct server server;
    pthread_t thread;
    server = (struct server){listening(args[0], SOCK_NONBLOCK), is_short};
    for (long more = sysconf(_SC_NPROCESSORS_ONLN) - 1; more > 0; more--) {
        pthread_create(&thread, NULL, serve, &server);
    }
    serve(&server);
}

// udp-each PORT COUNT LENGTH…: sendmmsg of 64.
static void udp_each(char **args) {
    static char bytes[65536];
    struct mmsghdr messages[64] = {0};
    struct iovec parts[64];
    int fd = connected(args[0], SOCK_DGRAM), lengths = 0;
    while (args[2 + lengths]) {
        lengths++;
    }
    for (int i = 0; i < 64; i++) {
        parts[i] = (struct iovec){bytes, (size_t)atoi(args[2 + i % lengths])};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    for (int64_t left = atoll(args[1]); left > 0;) {
        int sent = sendmmsg(fd, messages, left < 64 ? (unsigned)left : 64, 0);
        check(sent > 0, "sendmmsg");
        left -= sent;
    }
}

static void segments_of(int fd, int length) {
    check(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &length, sizeof length) == 0, "UDP_SEGMENT");
}

// udp-equal PORT COUNT LENGTH: 64 a call, cut by the kernel.
static void udp_equal(char **args) {
    static char bytes[65536];
    int64_t length = atoi(args[2]);
    int fd = connected(args[0], SOCK_DGRAM);
    segments_of(fd, (int)length);
    for (int64_t left = atoll(args[1]); left > 0; left -= 64) {
        check(send(fd, bytes, (size_t)((left < 64 ? left : 64) * length), 0) > 0, "send");
    }
}

// udp-rate PORT COUNT LENGTH RATE: what is due, every millisecond.
static void udp_rate(char **args) {
    static char bytes[65536];
    int64_t count = atoll(args[1]), length = atoi(args[2]), rate = atoll(args[3]), sent = 0, began = now();
    int fd = connected(args[0], SOCK_DGRAM);
    segments_of(fd, (int)length);
    for (int64_t tick = 1; sent < count; tick++) {
        int64_t due = rate * tick / 1000;
        for (due = due < count ? due : count; sent < due;) {
            int64_t some = due - sent < 64 ? due - sent : 64;
            check(send(fd, bytes, (size_t)(some * length), 0) > 0, "send");
            sent += some;
        }
        until(began + tick * 1000000);
    }
}

// udp-recv PORT: counts what comes, merged by the kernel where it can.
static void udp_recv(char **args) {
    static char room[32][65536];
    struct mmsghdr messages[32] = {0};
    struct iovec parts[32];
    struct sockaddr_in address = at(args[0]);
    int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 16 << 20, one = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
    setsockopt(fd, IPPROTO_UDP, UDP_GRO, &one, sizeof one);
    check(bind(fd, (void *)&address, sizeof address) == 0, "bind");
    for (int i = 0; i < 32; i++) {
        parts[i] = (struct iovec){room[i], sizeof room[i]};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    while (recvmmsg(fd, messages, 32, MSG_WAITFORONE, NULL) > 0) {
    }
}

// udp-pace PORT COUNT LENGTH RATE: one at each deadline, by sleeping to shortly before it and spinning.
// udp-sleep: by sleeping only, as udpreplay does.
static void udp_pace(char **args, int64_t spin) {
    static char bytes[65536];
    int64_t count = atoll(args[1]), rate = atoll(args[3]), began = now() + SECOND / rate;
    int fd = connected(args[0], SOCK_DGRAM);
    if (spin) {
        prctl(PR_SET_TIMERSLACK, 1);
    }
    for (int64_t i = 0; i < count; i++) {
        int64_t due = began + i * SECOND / rate;
        until(due - spin);
        while (now() < due) {
        }
        send(fd, bytes, (size_t)atoi(args[2]), 0);
    }
}

// peak PROGRAM ARGUMENT…: runs it and says on standard error how much memory it had at most, in KiB.
static int peak(char **args) {
    struct rusage usage;
    int status;
    pid_t child = fork();
    if (child == 0) {
        execvp(args[0], args);
        _exit(127);
    }
    check(wait4(child, &status, 0, &usage) == child, "wait4");
    fprintf(stderr, "\npeak %ld\n", usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int count, char **args) {
    const char *work = count > 1 ? args[1] : "";
    args += 2;
    if (!strcmp(work, "--version")) {
        puts("limit");
    } else if (!strcmp(work, "discard")) {
        discard(args);
    } else if (!strcmp(work, "source")) {
        source(args);
    } else if (!strcmp(work, "file")) {
        file(args);
    } else if (!strcmp(work, "exchange")) {
        exchange(args);
    } else if (!strcmp(work, "echo")) {
        servers(args, 0);
    } else if (!strcmp(work, "short")) {
        servers(args, 1);
    } else if (!strcmp(work, "udp-each")) {
        udp_each(args);
    } else if (!strcmp(work, "udp-equal")) {
        udp_equal(args);
    } else if (!strcmp(work, "udp-rate")) {
        udp_rate(args);
    } else if (!strcmp(work, "udp-recv")) {
        udp_recv(args);
    } else if (!strcmp(work, "udp-pace")) {
        udp_pace(args, 120000);
    } else if (!strcmp(work, "udp-sleep")) {
        udp_pace(args, 0);
    } else if (!strcmp(work, "peak")) {
        return peak(args);
    } else {
        fputs("limit: which work?\n", stderr);
        return 2;
    }
    return 0;
}
