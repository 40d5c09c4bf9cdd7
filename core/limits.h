/* Every bound on what somebody else can make this node hold, do or wait for, and why it is so.
 *
 * Thread: any; constants. What one message may be is said where the message is (event.h, …). Bytes,
 * milliseconds, and numbers, as the names say.
 */
#ifndef HEARTHCHAT_CORE_LIMITS_H
#define HEARTHCHAT_CORE_LIMITS_H

/* A request. */
enum {
    LIMITS_LOCAL_BODY_BYTES = 1048576, /* a text of 64 KiB, every byte of it escaped, and more */
    LIMITS_PEER_BODY_BYTES = 8388608,  /* §10: a batch of events, and air */
    /* Of a connection, for what comes before a body: headers of 16 KiB (§10), a place in a list for
     * each, and so much more that who sends too much hears it from us; and the answer's. It is held
     * from the first answer on, by whoever does nothing, too. On loopback also other programs'
     * cookies for 127.0.0.1. */
    LIMITS_LOCAL_CONNECTION_BYTES = 65536,
    LIMITS_PEER_CONNECTION_BYTES = 36864, /* what has more than 32 KiB, the system gets back */
    LIMITS_TARGET_BYTES = 10240,       /* the address: what fills a QR code, every byte escaped */
    LIMITS_HEADERS_BYTES = 16384,      /* §10; first line and all, cookies apart */
    LIMITS_IGNORED_BODY_BYTES = 4096,  /* where none is expected */
    LIMITS_SMALL_ANSWER_BYTES = 16384, /* such a one is not counted below */
    LIMITS_HEADERS_MS = 15000,         /* §10: from the first byte to the last, at whatever pace */
};

/* A body that comes, an answer that goes (§10), on however thin a wire: who moves less holds us. */
enum {
    LIMITS_PROGRESS_MS = 15000,
    LIMITS_PROGRESS_BYTES = 4096, /* within that time */
    LIMITS_TRANSFER_MS = 600000,
};

/* Connections. Those over a bound close the oldest that waits for nothing, who never sent an
 * admitted request first: strangers can't push neighbours out. */
enum {
    LIMITS_LOCAL_IDLE_MS = 120000,       /* a browser's kept connections are worth more than ours */
    LIMITS_PEER_IDLE_MS = 60000,         /* §10, §20 */
    LIMITS_PEER_DEAD_MS = 18000,         /* what we sent is acknowledged in that time; both sides */
    LIMITS_FIRST_REQUEST_MS = 15000,     /* TLS handshake and first request line */
    LIMITS_LOCAL_CONNECTIONS = 512,      /* a browser opens 6; scripts open as many as they are */
    LIMITS_LOCAL_CONNECTIONS_LEAST = 24, /* however few descriptors there are: the owner's tabs */
    LIMITS_PEER_CONNECTIONS = 1024,      /* 3 each of 300 neighbours; 50 KiB idle, 64 at work */
    LIMITS_ADDRESS_CONNECTIONS = 512,    /* of one address (IPv6: one /64): the rest gets as many */
    LIMITS_ADDRESS_CONNECTIONS_A_SECOND = 600, /* a TLS handshake costs a core a millisecond */
    LIMITS_CONNECTIONS_SLACK = 256,            /* accepted while others are on their way out */
    LIMITS_BACKLOG = 256,      /* waiting to be accepted while both threads of a pool work */
    LIMITS_PEER_NICENESS = 10, /* of the threads for peers: the owner goes first, and they go on */
    LIMITS_POOL_THREADS = 2,   /* of a listener: a Pi has four cores, and disks have one arm */
    LIMITS_LONG_BODY_BYTES = 65536, /* to be parsed by all of them but one: 3 ms, a Pi's 30 */
    LIMITS_DESCRIPTORS = 4096,    /* all of these, and outward ones; with fewer, they shrink, … */
    LIMITS_OWN_DESCRIPTORS = 128, /* … and the log's, the gate's, … don't: 30 at rest */
};

/* Calls of others (§16). Batches make that plenty. */
enum {
    LIMITS_CALLS_A_SECOND = 100,
    LIMITS_CAPABILITY_CALLS_A_SECOND = 10,
    LIMITS_REDEEMS_A_MINUTE = 10,  /* §17, of an address: a token is not to be guessed */
    LIMITS_FLOOD_FACTOR = 10,      /* beyond that many times a limit the connection is closed */
    LIMITS_OWN_CALL_EVERY_MS = 15, /* our gossip's to one peer, on average … */
    LIMITS_OWN_CALLS_AT_ONCE = 15, /* … and at once: 82 in any second, and air for a slow line */
    LIMITS_OWN_NEWS_EVERY_MS = 2,  /* pushes that a peer does not count: no flood is made of them */
    LIMITS_CALLERS = 1024,         /* remembered; 3 KiB each */
    LIMITS_CHAT_CALLS_AT_ONCE = 256, /* of anybody (§8, max_concurrent): it waits for the disk */
    LIMITS_TAB_CALLS_AT_ONCE = 64, /* of the owner's tab above that: scripts don't fill its place */
    LIMITS_CHANGES_AT_ONCE = 64,   /* … of the membership; people make them one by one */
};

/* What an account (core/account.h) holds: bodies and answers of its requests, answers to our calls
 * to it; and its texts as JSON, up to a hundred times their bytes ("{},{},{}"), from the reading to
 * the end of the commit: of 1,000 events 6 MiB, of one 10 at the very most. */
enum {
    LIMITS_BYTES_OF_ONE = 16777216, /* two of the largest */
    LIMITS_BYTES_OF_ALL = 67108864,
    LIMITS_JSON_OF_ONE = 41943040,    /* of a long log: what is written, and what comes next */
    LIMITS_JSON_OF_ALL = 117440512,   /* two who fill theirs leave room */
    LIMITS_BYTES_OF_OWNER = 33554432, /* bodies; answers are what the owner asked for */
    LIMITS_JSON_OF_OWNER = 33554432,
};

/* Signed requests (§9). */
enum {
    LIMITS_REQUEST_IDS = 8192,           /* remembered: 0.6 MiB */
    LIMITS_REQUEST_IDS_OF_CALLER = 1024, /* no caller fills the memory of the others */
    LIMITS_REQUEST_ID_MS = 600000,       /* §9; twice the clock's tolerance */
};

/* Hints in the local network (§19): an honest node sends one every 5 s on each family. A neighbour
 * is to be heard among a thousand who shout, so what is cheap comes first and takes it all. */
enum {
    LIMITS_HINTS_OF_SOURCE = 8, /* at once; several nodes of one machine share an address */
    LIMITS_HINT_OF_SOURCE_EVERY_MS = 1000, /* and after that; of hints about one member too */
    LIMITS_HINT_SOURCES = 4096,            /* remembered: 64 KiB; of members as many */
    LIMITS_HINTS_A_SECOND = 2000,          /* read, of all: 5 us each */
    LIMITS_HINTS_AT_ONCE = 256,            /* taken from a socket, which holds about as many … */
    LIMITS_HINTS_EVERY_MS = 25, /* … that often; the kernel drops the rest, which is cheap */
    LIMITS_HINT_LINKS = 16,     /* links on which we speak and listen; the kernel gives 20 */
};

/* Our calls to peers: a thousand are not called at once, and who is slow holds a place, not us. */
enum {
    LIMITS_OUTWARD_CONNECTIONS = 64, /* under way or kept: descriptors, and a router's memory */
    LIMITS_OUTWARD_TRIES = 24,       /* of them, to who did not answer lately */
    LIMITS_OUTWARD_CALL_MS = 30000,  /* … while others wait for its place: six times a page */
    LIMITS_FETCH_MS = 35000,         /* a first page at §10's least pace, and its storing */
    LIMITS_TURN_MS = 600000, /* to fetch much while others wait to, who brings ever so little */
    LIMITS_POLLED_IN_VAIN = 1000, /* events that are held, from a subscription; then it rests */
};

/* Calls to a host where that peer never answered, for anybody can name any host, peer and port. A
 * try that meets the peer costs nothing: a house full of members is found at once. */
enum {
    LIMITS_KNOCKS = 8,              /* at once */
    LIMITS_KNOCK_EVERY_MS = 5000,   /* and after that, twice as late each time … */
    LIMITS_KNOCK_MOST_MS = 3600000, /* … up to that: of 300 members, five a minute */
    LIMITS_KNOCKED_HOSTS = 4096,    /* remembered: 128 KiB */
};

/* A node without its log asks who speaks in the local network (§17); nobody waits for that. */
enum {
    LIMITS_RETURN_MS = 60000,       /* with one neighbour, who may be one that drips */
    LIMITS_RETURN_PAGES = 64,       /* of 1,000 events: 20,000 members, and 1 GB at the very most */
    LIMITS_RETURN_EVERY_MS = 1000,  /* … and then the next … */
    LIMITS_RETURN_AGAIN_MS = 10000, /* … but the same one only then, twice as late each time … */
    LIMITS_RETURN_AGAIN_MOST_MS = 600000, /* … up to that */
    LIMITS_RETURN_PLACES = 256,           /* remembered; who comes to one that is taken takes it */
};

/* Subscribers (§15). */
enum {
    LIMITS_WEBSOCKETS = 1024,              /* 6 KiB each; measured to be served in 10 ms */
    LIMITS_WEBSOCKET_LIVE_BYTES = 1048576, /* §15: who lies further behind is closed with 1013 */
    LIMITS_WEBSOCKET_MESSAGE_BYTES = 4096, /* acknowledgements have 40; longer ones are ignored */
    LIMITS_WEBSOCKET_KILL_MS = 5000,       /* a last chance to read the 1013, to answer a close */
    LIMITS_WEBSOCKET_PING_MS = 30000,      /* §20 */
    LIMITS_WEBSOCKET_SILENCE_MS = 120000,  /* §20: then they are gone */
    LIMITS_PEER_LONG_POLLS = 256,          /* resuming one scans all: no thousands of them */
    LIMITS_LONG_POLLS_OF_PEER = 2,         /* one, and the one that replaces it */
    LIMITS_OWNER_LONG_POLLS = 64,          /* scripts that wait */
    LIMITS_LONG_POLL_S = 60,               /* §15 */
};

/* The log's lines about refusals: somebody who wants to fill the disk must not. */
enum {
    LIMITS_REFUSAL_LINE_MS = 60000, /* one line of a kind about one caller */
    LIMITS_REFUSAL_LINES = 60,      /* in that time, about anybody */
};

#endif
