/* What comes first of our calls to peers.
 *
 * Thread: any; constants.
 */
#ifndef HEARTHCHAT_GOSSIP_URGENCY_H
#define HEARTHCHAT_GOSSIP_URGENCY_H

enum urgency {
    URGENCY_OWNER, /* what the owner wrote, to whom it is for */
    URGENCY_PUSH,  /* what is new */
    URGENCY_KNOWN, /* exchanges with who answered lately */
    URGENCY_POLL,  /* waiting at a peer (§11, mechanism 2): takes as long as it takes */
    URGENCY_TRY,   /* who may be anywhere, or nowhere; addresses that the owner names, too */
};
#define URGENCIES 5

#endif
