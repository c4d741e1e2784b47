/*
 * Asks a dmv-redact sidecar in frames, on a Unix socket. A file to copy; it needs nothing but C99 and POSIX (_POSIX_C_SOURCE=200809L).
 *
 *     struct dmv_client_attribute who[] = {{"requester", "AZ0070000"}, {"purpose", "C"}};
 *     struct dmv_client_answer answer;
 *     if (dmv_client_redact("/run/dmv-redact/frames.sock", message, length, who, 2, 10000, 16 << 20, &answer))
 *         forward(answer.output, answer.length), free(answer.output);
 *     // Else forward nothing.
 *
 * A connection and a deadline for each call; no retry. Threads may call it at once. It knows no instruments and no receipts.
 */
#ifndef DMV_REDACT_CLIENT_H
#define DMV_REDACT_CLIENT_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Named as the protocol's headers: `claim` may be there several times. `review` asks for a held message; the message is empty. */
struct dmv_client_attribute {
    const char *name, *value;
};

struct dmv_client_answer {
    unsigned char *output; /* to be freed; null if nothing may go out */
    size_t length;
    char disposition[65], reason[65], review[65]; /* what the sidecar says; else empty */
};

enum { DMV_CLIENT_HEAD = 65536 };

/* SHA-256 of FIPS 180-4, as 64 small hexadecimal digits. */
static inline void dmv_client_sha256(const unsigned char *data, size_t length, char hex[65])
{
    static const uint32_t k[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
        0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
        0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
        0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
        0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
        0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    };
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint64_t bits = (uint64_t)length * 8;
    size_t i, block, blocks = (length + 8) / 64 + 1;
#define DMV_CLIENT_ROTATED(x, n) ((x) >> (n) | (x) << (32 - (n)))
    for (block = 0; block < blocks; block++) {
        uint32_t w[64] = {0}, s[8];
        for (i = 0; i < 64; i++) {
            size_t at = block * 64 + i;
            uint32_t byte = at < length ? data[at] : at == length ? 0x80 : 0;
            if (block == blocks - 1 && i >= 56)
                byte = (uint32_t)(bits >> (8 * (63 - i)) & 0xff);
            w[i / 4] |= byte << (24 - i % 4 * 8);
        }
        for (i = 16; i < 64; i++) {
            uint32_t a = w[i - 15], b = w[i - 2];
            w[i] = w[i - 16] + (DMV_CLIENT_ROTATED(a, 7) ^ DMV_CLIENT_ROTATED(a, 18) ^ a >> 3) + w[i - 7] +
                   (DMV_CLIENT_ROTATED(b, 17) ^ DMV_CLIENT_ROTATED(b, 19) ^ b >> 10);
        }
        memcpy(s, h, sizeof s);
        for (i = 0; i < 64; i++) {
            uint32_t a = s[0], e = s[4];
            uint32_t one = s[7] + (DMV_CLIENT_ROTATED(e, 6) ^ DMV_CLIENT_ROTATED(e, 11) ^ DMV_CLIENT_ROTATED(e, 25)) +
                           ((e & s[5]) ^ (~e & s[6])) + k[i] + w[i];
            uint32_t two = (DMV_CLIENT_ROTATED(a, 2) ^ DMV_CLIENT_ROTATED(a, 13) ^ DMV_CLIENT_ROTATED(a, 22)) +
                           ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
            memmove(s + 1, s, 7 * sizeof *s);
            s[4] += one;
            s[0] = one + two;
        }
        for (i = 0; i < 8; i++)
            h[i] += s[i];
    }
#undef DMV_CLIENT_ROTATED
    for (i = 0; i < 8; i++)
        sprintf(hex + i * 8, "%08lx", (unsigned long)h[i]);
}

/* 1 to 64 letters, digits, `-`, `_`, `.` and `:`: what ids and reasons are. */
static inline int dmv_client_is_word(const char *text)
{
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:");
    return length >= 1 && length <= 64 && text[length] == 0;
}

/* Sends or receives so many bytes, before the end. */
static inline int dmv_client_transfer(int connection, short direction, void *bytes, size_t length, const struct timespec *end)
{
    size_t done = 0;
    while (done < length) {
        struct timespec now;
        struct pollfd ready = {connection, direction, 0};
        long left;
        ssize_t count;
        clock_gettime(CLOCK_MONOTONIC, &now);
        left = (long)(end->tv_sec - now.tv_sec) * 1000 + (end->tv_nsec - now.tv_nsec) / 1000000;
        if (left <= 0)
            return 0;
        if (poll(&ready, 1, (int)left) <= 0)
            continue;
        if (direction == POLLOUT)
            count = send(connection, (char *)bytes + done, length - done, MSG_NOSIGNAL);
        else
            count = recv(connection, (char *)bytes + done, length - done, 0);
        if (count > 0)
            done += (size_t)count;
        else if (count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
            return 0;
    }
    return 1;
}

/* Adds a text to the head of a request, in quotes with what JSON wants, or as it is. False if it has a control character, or is too long. */
static inline int dmv_client_add(char *head, const char *text, int is_quoted)
{
    size_t length = strlen(head);
    if (is_quoted)
        head[length++] = '"';
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7f || length > DMV_CLIENT_HEAD - 8)
            return 0;
        if (is_quoted && (byte == '"' || byte == '\\'))
            head[length++] = '\\';
        head[length++] = *text;
    }
    if (is_quoted)
        head[length++] = '"';
    head[length] = 0;
    return 1;
}

static inline int dmv_client_add_member(char *head, const char *name, const char *value)
{
    return dmv_client_add(head, ",", 0) && dmv_client_add(head, name, 1) && dmv_client_add(head, ":", 0) && dmv_client_add(head, value, 1);
}

static inline int dmv_client_is_beside(const char *name)
{
    return strcmp(name, "date") == 0 || strcmp(name, "source") == 0 || strcmp(name, "review") == 0;
}

static inline int dmv_client_add_request(char *head, const char *id, const struct dmv_client_attribute *attributes, size_t count)
{
    size_t i, claims = 0;
    int is_sound = dmv_client_add(head, "{\"request\":{\"correlation-id\":", 0) && dmv_client_add(head, id, 1);
    for (i = 0; i < count; i++) {
        const char *name = attributes[i].name;
        if (strcmp(name, "claim") != 0 && strcmp(name, "correlation-id") != 0 && !dmv_client_is_beside(name))
            is_sound = is_sound && dmv_client_add_member(head, name, attributes[i].value);
    }
    for (i = 0; i < count; i++)
        if (strcmp(attributes[i].name, "claim") == 0)
            is_sound = is_sound && dmv_client_add(head, claims++ ? "," : ",\"claims\":[", 0) && dmv_client_add(head, attributes[i].value, 1);
    is_sound = is_sound && dmv_client_add(head, claims ? "]}" : "}", 0);
    for (i = 0; i < count; i++)
        if (dmv_client_is_beside(attributes[i].name))
            is_sound = is_sound && dmv_client_add_member(head, attributes[i].name, attributes[i].value);
    return is_sound && dmv_client_add(head, "}", 0);
}

/* A text in quotes, and the space around it. One with an escape or beyond ASCII is refused: no answer that counts has any. */
static inline int dmv_client_text(const char **at, const char **text, size_t *length)
{
    *at += strspn(*at, " \t\r\n");
    if (**at != '"')
        return 0;
    *text = ++*at;
    for (; **at != '"'; ++*at)
        if (**at < 0x20 || **at > 0x7e || **at == '\\')
            return 0;
    *length = (size_t)(*at - *text);
    ++*at;
    *at += strspn(*at, " \t\r\n");
    return 1;
}

enum { DMV_CLIENT_DISPOSITION, DMV_CLIENT_SHA256, DMV_CLIENT_ID, DMV_CLIENT_REASON, DMV_CLIENT_REVIEW, DMV_CLIENT_VALUES };

/* The members of an answer's head. It is an object of texts, no name twice; what else JSON may have is refused. */
static inline int dmv_client_members(const char *at, char values[DMV_CLIENT_VALUES][65])
{
    static const char *const known[DMV_CLIENT_VALUES] = {"disposition", "sha256", "correlation-id", "reason", "review"};
    const char *names[16], *value;
    size_t lengths[16], length, count = 0, i;
    at += strspn(at, " \t\r\n");
    if (*at++ != '{')
        return 0;
    do {
        if (count == 16 || !dmv_client_text(&at, &names[count], &lengths[count]) || *at++ != ':' || !dmv_client_text(&at, &value, &length))
            return 0;
        for (i = 0; i < count; i++)
            if (lengths[i] == lengths[count] && memcmp(names[i], names[count], lengths[i]) == 0)
                return 0;
        for (i = 0; i < DMV_CLIENT_VALUES; i++)
            if (strlen(known[i]) == lengths[count] && memcmp(known[i], names[count], lengths[count]) == 0 && length <= 64)
                memcpy(values[i], value, length);
        count++;
    } while (*at++ == ',');
    return at[-1] == '}' && at[strspn(at, " \t\r\n")] == 0;
}

/* A new id of 32 digits. */
static inline int dmv_client_new_id(char id[65])
{
    unsigned char bytes[16];
    FILE *random = fopen("/dev/urandom", "rb");
    size_t i, count = random ? fread(bytes, 1, sizeof bytes, random) : 0;
    if (random)
        fclose(random);
    for (i = 0; i < count; i++)
        sprintf(id + i * 2, "%02x", bytes[i]);
    return count == sizeof bytes;
}

static inline void dmv_client_put_length(unsigned char *at, size_t length)
{
    at[0] = (unsigned char)(length >> 24), at[1] = (unsigned char)(length >> 16), at[2] = (unsigned char)(length >> 8), at[3] = (unsigned char)length;
}

static inline size_t dmv_client_length(const unsigned char *at)
{
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

/* Whether `answer->output` may go out: the output for a message, which has at most `limit` bytes. The deadline is in milliseconds. */
static inline int dmv_client_redact(const char *path, const void *message, size_t length, const struct dmv_client_attribute *attributes,
                                    size_t count, int deadline, size_t limit, struct dmv_client_answer *answer)
{
    char values[DMV_CLIENT_VALUES][65] = {{0}}, id[65] = "", digest[65], *head = calloc(1, DMV_CLIENT_HEAD + 1);
    unsigned char lengths[8], *body = NULL;
    struct sockaddr_un place = {0};
    struct timespec end;
    size_t i, head_length, body_length = 0;
    int connection = socket(AF_UNIX, SOCK_STREAM, 0), is_own = 0, is_release = 0;

    memset(answer, 0, sizeof *answer);
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += deadline / 1000;
    end.tv_nsec += deadline % 1000 * 1000000L;
    place.sun_family = AF_UNIX;
    if (!head || connection < 0 || !dmv_client_new_id(id) || length > UINT32_MAX || strlen(path) >= sizeof place.sun_path)
        goto done;
    strcpy(place.sun_path, path);
    for (i = 0; i < count; i++)
        if (strcmp(attributes[i].name, "correlation-id") == 0) {
            if (!dmv_client_is_word(attributes[i].value))
                goto done;
            strcpy(id, attributes[i].value);
        }
    if (!dmv_client_add_request(head, id, attributes, count))
        goto done;
    head_length = strlen(head);
    dmv_client_put_length(lengths, head_length);
    dmv_client_put_length(lengths + 4, length);
    if (fcntl(connection, F_SETFD, FD_CLOEXEC) < 0 || fcntl(connection, F_SETFL, O_NONBLOCK) < 0 ||
        connect(connection, (struct sockaddr *)&place, sizeof place) < 0 || !dmv_client_transfer(connection, POLLOUT, lengths, 8, &end) ||
        !dmv_client_transfer(connection, POLLOUT, head, head_length, &end) ||
        !dmv_client_transfer(connection, POLLOUT, (void *)message, length, &end) || !dmv_client_transfer(connection, POLLIN, lengths, 8, &end))
        goto done;
    head_length = dmv_client_length(lengths);
    body_length = dmv_client_length(lengths + 4);
    if (head_length > DMV_CLIENT_HEAD || body_length > limit || !dmv_client_transfer(connection, POLLIN, head, head_length, &end))
        goto done;
    head[head_length] = 0;
    if (strlen(head) != head_length || !dmv_client_members(head, values) || !(body = malloc(body_length + 1)) ||
        !dmv_client_transfer(connection, POLLIN, body, body_length, &end))
        goto done;
    is_own = strcmp(values[DMV_CLIENT_ID], id) == 0;
    dmv_client_sha256(body, body_length, digest);
    is_release = strcmp(values[DMV_CLIENT_DISPOSITION], "released") == 0 || strcmp(values[DMV_CLIENT_DISPOSITION], "redacted") == 0;
    is_release = is_release && is_own && body_length > 0 && strcmp(values[DMV_CLIENT_SHA256], digest) == 0;
done:
    if (is_release) {
        answer->output = body;
        answer->length = body_length;
        strcpy(answer->disposition, values[DMV_CLIENT_DISPOSITION]);
    } else {
        free(body);
        if (is_own && (strcmp(values[DMV_CLIENT_DISPOSITION], "held") == 0 || strcmp(values[DMV_CLIENT_DISPOSITION], "withheld") == 0)) {
            strcpy(answer->disposition, values[DMV_CLIENT_DISPOSITION]);
            if (dmv_client_is_word(values[DMV_CLIENT_REASON]))
                strcpy(answer->reason, values[DMV_CLIENT_REASON]);
            if (dmv_client_is_word(values[DMV_CLIENT_REVIEW]))
                strcpy(answer->review, values[DMV_CLIENT_REVIEW]);
        }
    }
    free(head);
    if (connection >= 0)
        close(connection);
    return is_release;
}

#endif
