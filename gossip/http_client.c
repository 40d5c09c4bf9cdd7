#include "gossip/http_client.h"

#include <curl/curl.h>
#include <string.h>

#include "core/memory.h"

enum { MOST_CONNECTIONS = 256 };

struct transfer {
    CURL *easy;
    struct curl_slist *headers;
    char *body;
    struct http_answer answer;
    size_t most_bytes;
    bool too_large;
    http_client_done *done;
    void *context;
    struct transfer *next;
    struct transfer *previous;
};

struct http_client {
    CURLM *multi;
    struct transfer *transfers;
};

enum result http_client_start(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? RESULT_OK : RESULT_IO;
}

void http_client_stop(void)
{
    curl_global_cleanup();
}

static size_t collect(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t length = size * count;
    if (transfer->answer.body.length_bytes + length > transfer->most_bytes) {
        transfer->too_large = true;
        return 0;
    }
    buffer_append(&transfer->answer.body, bytes, length);
    return length;
}

/* curl asks at least once a second; anything but 0 ends the transfer. */
static int ask_cancelled(void *context, curl_off_t download_total, curl_off_t download_now,
                         curl_off_t upload_total, curl_off_t upload_now)
{
    const atomic_bool *cancelled = context;
    (void)download_total;
    (void)download_now;
    (void)upload_total;
    (void)upload_now;
    return atomic_load(cancelled) ? 1 : 0;
}

static bool set_cancelled(CURL *easy, const atomic_bool *cancelled)
{
    return cancelled == NULL ||
           (curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, ask_cancelled) == CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_XFERINFODATA, cancelled) == CURLE_OK);
}

static bool set_blob(CURL *easy, CURLoption option, const char *text)
{
    struct curl_blob blob = {(void *)(uintptr_t)text, strlen(text), CURL_BLOB_NOCOPY};
    return curl_easy_setopt(easy, option, &blob) == CURLE_OK;
}

/* No CA and no names: the pinned key is the identity. Without the pin nothing is sent. */
static bool set_tls(CURL *easy, const struct http_call *call)
{
    char pin[SIGNING_PIN_BYTES];
    signing_format_pin(call->peer, pin);
    bool valid =
        curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, pin) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3) == CURLE_OK;
    if (valid && call->identity != NULL) {
        valid = curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM") == CURLE_OK &&
                curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM") == CURLE_OK &&
                set_blob(easy, CURLOPT_SSLCERT_BLOB, call->identity->certificate_pem) &&
                set_blob(easy, CURLOPT_SSLKEY_BLOB, call->identity->key_pem);
    }
    return valid;
}

static bool prepare(struct transfer *transfer, const struct http_call *call)
{
    CURL *easy = transfer->easy = curl_easy_init();
    transfer->most_bytes =
        call->most_answer_bytes == 0 ? HTTP_CLIENT_MOST_ANSWER_BYTES : call->most_answer_bytes;
    bool is_https = strncmp(call->url, "https://", 8) == 0;
    if (easy == NULL || is_https != (call->peer != NULL) || (is_https && !set_tls(easy, call))) {
        return false;
    }
    long total_ms = (long)(call->total_ms == 0 ? HTTP_CLIENT_TOTAL_MS : call->total_ms);
    bool valid =
        set_cancelled(easy, call->cancelled) &&
        curl_easy_setopt(easy, CURLOPT_URL, call->url) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CLIENT_CONNECT_MS) ==
            CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, total_ms) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK;
    if (valid && strcmp(call->method, "POST") == 0) {
        transfer->body = memory_duplicate(call->body, call->body_bytes);
        const char *type = call->content_type;
        transfer->headers =
            curl_slist_append(NULL, type == NULL ? "Content-Type: application/json" : type);
        transfer->headers = curl_slist_append(transfer->headers, "Expect:");
        valid = curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
                curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->body) == CURLE_OK &&
                curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_bytes) ==
                    CURLE_OK &&
                curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK;
    }
    return valid;
}

static void release(struct transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    memory_free(transfer->body);
    transfer->easy = NULL;
    transfer->headers = NULL;
    transfer->body = NULL;
}

static enum result to_result(const struct transfer *transfer, CURLcode code)
{
    if (code == CURLE_OK) {
        return RESULT_OK;
    }
    if (transfer->too_large) {
        return RESULT_FULL;
    }
    if (code == CURLE_SSL_PINNEDPUBKEYNOTMATCH) {
        return RESULT_UNAUTHORIZED;
    }
    return code == CURLE_OPERATION_TIMEDOUT ? RESULT_TIMEOUT : RESULT_UNREACHABLE;
}

static void read_status(struct transfer *transfer)
{
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &transfer->answer.status);
}

enum result http_client_call(const struct http_call *call, struct http_answer *answer_out)
{
    struct transfer transfer = {0};
    enum result result = RESULT_UNREACHABLE;
    if (prepare(&transfer, call)) {
        result = to_result(&transfer, curl_easy_perform(transfer.easy));
        read_status(&transfer);
    }
    release(&transfer);
    *answer_out = transfer.answer;
    return result;
}

void http_client_deinit_answer(struct http_answer *answer)
{
    buffer_deinit(&answer->body);
}

struct http_client *http_client_create(void)
{
    struct http_client *client = memory_allocate(1, sizeof *client);
    client->multi = curl_multi_init();
    (void)curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)MOST_CONNECTIONS);
    return client;
}

static void finish(struct http_client *client, struct transfer *transfer)
{
    if (transfer->next != NULL) {
        transfer->next->previous = transfer->previous;
    }
    if (transfer->previous != NULL) {
        transfer->previous->next = transfer->next;
    } else {
        client->transfers = transfer->next;
    }
    (void)curl_multi_remove_handle(client->multi, transfer->easy);
    release(transfer);
    http_client_deinit_answer(&transfer->answer);
    memory_free(transfer);
}

void http_client_destroy(struct http_client **client)
{
    if (*client == NULL) {
        return;
    }
    while ((*client)->transfers != NULL) {
        finish(*client, (*client)->transfers);
    }
    (void)curl_multi_cleanup((*client)->multi);
    memory_free(*client);
    *client = NULL;
}

void http_client_send(struct http_client *client, const struct http_call *call,
                      http_client_done *done, void *context)
{
    struct transfer *transfer = memory_allocate(1, sizeof *transfer);
    transfer->done = done;
    transfer->context = context;
    if (!prepare(transfer, call) ||
        curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer) != CURLE_OK ||
        curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK) {
        release(transfer);
        done(context, RESULT_UNREACHABLE, &transfer->answer);
        memory_free(transfer);
        return;
    }
    transfer->next = client->transfers;
    if (transfer->next != NULL) {
        transfer->next->previous = transfer;
    }
    client->transfers = transfer;
}

void http_client_run(struct http_client *client, int64_t timeout_ms)
{
    int running = 0;
    int left = 0;
    const int most_ms = 60000;
    int wait_ms = timeout_ms > most_ms ? most_ms : (int)timeout_ms;
    (void)curl_multi_perform(client->multi, &running);
    (void)curl_multi_poll(client->multi, NULL, 0, wait_ms, NULL);
    (void)curl_multi_perform(client->multi, &running);
    for (CURLMsg *message = curl_multi_info_read(client->multi, &left); message != NULL;
         message = curl_multi_info_read(client->multi, &left)) {
        struct transfer *transfer = NULL;
        CURLcode code = message->data.result;
        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer) ==
                CURLE_OK) {
            read_status(transfer);
            transfer->done(transfer->context, to_result(transfer, code), &transfer->answer);
            finish(client, transfer);
        }
    }
}

void http_client_wake(struct http_client *client)
{
    (void)curl_multi_wakeup(client->multi);
}
