#include <string.h>

#include "core/memory.h"
#include "handlers/appending.h"
#include "handlers/contact_path.h"
#include "handlers/handlers.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "protocol/safety_number.h"
#include "store/log_verified.h"

/* A mark that waits to be on disk. */
struct marking {
    struct appending base; /* first: the one pointer becomes the other */
    struct node_id peer;
};

/* The path's {peer}, who is a member and not this node; false after answering what is wrong. */
static bool find_peer(struct request *request, const struct node_parts *parts,
                      struct event_log *log, struct node_id *peer_out)
{
    if (!contact_path_find(request, parts, peer_out)) {
        return false;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    bool is_member = membership_find(snapshot->membership, peer_out) != NULL;
    log_snapshot_release(log, &snapshot);
    if (!is_member) {
        request_reply_error(request, WIRE_NOT_FOUND,
                            "That node is not a member of this community.");
    }
    return is_member;
}

static void tell(struct request *request, const struct node_parts *parts, struct event_log *log,
                 const struct node_id *peer)
{
    char digits[SAFETY_NUMBER_DIGITS + 1];
    char text[SAFETY_NUMBER_QR_BYTES];
    char at_text[WALL_CLOCK_TEXT_BYTES];
    struct log_verified_marks marks;
    if (log_verified_read(log, &marks) != RESULT_OK) {
        request_reply_error(request, WIRE_INTERNAL_ERROR,
                            "Who was verified can't be read; see the node's log.");
        return;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    int64_t at = log_verified_find(&marks, snapshot->membership, peer);
    log_snapshot_release(log, &snapshot);
    log_verified_free(&marks);
    wall_clock_format(at, at_text);
    safety_number_make(&parts->key->node_id, peer, digits);
    safety_number_format_qr(digits, text);
    request_reply_output(request, json_build_pack("{s:s,s:s,s:s?}", "digits", digits, "qr_text",
                                                  text, "verified_at", at == 0 ? NULL : at_text));
}

void safety_tell_handle(struct request *request, const struct node_parts *parts)
{
    struct node_id peer;
    struct event_log *log = node_parts_log(parts, request);
    if (log != NULL && find_peer(request, parts, log, &peer)) {
        tell(request, parts, log, &peer);
    }
}

static void on_marked(struct appending *base)
{
    struct marking *marking = (struct marking *)base;
    const struct append_answer *answer = &base->answer;
    if (answer->result != RESULT_OK) {
        request_reply_error(base->request, wire_code_of_append(answer->result),
                            answer->error.message);
    } else {
        tell(base->request, base->parts, base->parts->log(base->parts->node), &marking->peer);
    }
    memory_free(marking);
}

/* Whether what was scanned on the other device is this conversation's number; false after answering
 * what is wrong. */
static bool is_same(struct request *request, const struct node_id *self, const struct node_id *peer,
                    const char *scanned)
{
    char digits[SAFETY_NUMBER_DIGITS + 1];
    char theirs[SAFETY_NUMBER_DIGITS + 1];
    if (safety_number_parse_qr(scanned, theirs) != RESULT_OK) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "That is no safety number: it begins with hearthnet-verify://v1/ and "
                            "has 60 digits behind that.");
        return false;
    }
    safety_number_make(self, peer, digits);
    if (strcmp(digits, theirs) != 0) {
        request_reply_error(request, WIRE_SAFETY_NUMBER_MISMATCH,
                            "That is another safety number: it is another conversation's, or this "
                            "member is not the device that you scanned. Have each other's number "
                            "open and scan again; if it still differs, do not trust this member.");
        return false;
    }
    return true;
}

void safety_mark_handle(struct request *request, const struct node_parts *parts)
{
    static const char *const by_word[] = {"verified", NULL};
    static const char *const by_scan[] = {"qr_text", NULL};
    const char *scanned = NULL;
    bool verified = true;
    struct node_id peer;
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL) {
        return;
    }
    if (!(json_members_are(request->body, by_word) &&
          json_members_boolean(request->body, "verified", &verified)) &&
        !(json_members_are(request->body, by_scan) &&
          json_members_string(request->body, "qr_text", &scanned, NULL))) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Expected {\"verified\":true}, {\"verified\":false} or "
                            "{\"qr_text\":\"hearthnet-verify://v1/…\"}.");
        return;
    }
    if (!find_peer(request, parts, log, &peer) ||
        (scanned != NULL && !is_same(request, &parts->key->node_id, &peer, scanned))) {
        return;
    }
    struct marking *marking = memory_allocate(1, sizeof *marking);
    marking->base = (struct appending){.request = request, .parts = parts, .then = on_marked};
    marking->peer = peer;
    if (log_verified_mark(log, &peer, verified, appending_done, marking) != RESULT_OK) {
        memory_free(marking);
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                            "Too much is being written at once; try again in a second.");
    }
}
