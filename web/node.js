// The node: its REST interface (openapi.yaml), and arriving events (PROTOCOL §15).

class ApiError extends Error {
  /** `unreachable`: nobody knows what became of the request. */
  constructor(code, message, unreachable = false) {
    super(message);
    this.code = code;
    this.unreachable = unreachable;
  }
}

const isBytes = (body) => body instanceof Uint8Array;

async function call(method, path, body) {
  let response;
  let answer;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { 'Content-Type': isBytes(body) ? 'application/octet-stream' : 'application/json' },
      body: body === undefined || isBytes(body) ? body : JSON.stringify(body),
    });
    answer = await response.json();
  } catch {
    throw new ApiError('unreachable', '', true);
  }
  if (!response.ok) throw new ApiError(answer.error, answer.message);
  return answer.output;
}

const get = (path, parameters = {}) => {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined)).toString();
  return call('GET', query ? `${path}?${query}` : path);
};

export const api = {
  node: () => get('/api/v1/node'),
  rename: (display_name) => call('POST', '/api/v1/node', { display_name }),
  members: () => get('/api/v1/members').then(({ members }) => members),
  conversations: () => get('/api/v1/chat/conversations', { blocked: true }).then(({ conversations }) => conversations),
  conversation: (peer) => get('/api/v1/chat/conversations', { peer }).then(({ conversations }) => conversations[0]),
  history: (parameters) => get('/api/v1/chat/history', parameters),
  search: (parameters) => get('/api/v1/chat/search', parameters),
  send: (message) => call('POST', '/api/v1/chat/send', message),
  /** Of two with one id our own. */
  message: (peer, id) => get('/api/v1/chat/messages', { peer, id }).then(({ messages }) => {
    const message = messages.find(({ to }) => to === peer) ?? messages[0];
    if (!message) throw new ApiError('not_found', '');
    return { message, earlier: message.earlier };
  }),
  /** `what`: edit, delete or react. */
  say: (what, change) => call('POST', `/api/v1/chat/${what}`, change),
  restore: (peer, theirs) => call('POST', '/api/v1/chat/restore', { peer, theirs }),
  read: (peer, event_id) => call('POST', '/api/v1/chat/read', { peer, event_id }),
  createCommunity: (name, policy) => call('POST', '/api/v1/community', { name, policy }),
  join: (invite) => call('POST', '/api/v1/community/join', { invite }),
  invite: (invitation) => call('POST', '/api/v1/invites', invitation),
  setLevel: (change) => call('POST', '/api/v1/levels', change),
  agree: (statement) => call('POST', '/api/v1/co-signatures', statement),
  safety: (peer) => get(`/api/v1/contacts/${peer}/safety`),
  setContact: (peer, wish) => call('POST', `/api/v1/contacts/${peer}`, wish),
  clear: (peer) => call('POST', '/api/v1/chat/clear', { peer }),
  verify: (peer, wish) => call('POST', `/api/v1/contacts/${peer}/verified`, wish),
  revoke: (revocation) => call('POST', '/api/v1/revocations', revocation),
  /** The texts of the codes in a picture of greys: one or none. */
  readQr: (greys, { width, height }) => call('POST', `/api/v1/qr/read?width=${width}&height=${height}`, greys).then(({ text }) => [text],
    (error) => { if (error.code === 'not_found') return []; throw error; }),
};

export const qrAddress = (text) => `/api/v1/qr.svg?text=${encodeURIComponent(text)}`;

const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 10000;

/** Gives the model what arrives behind `seq`, after a break too, without a gap or a repeat. */
export function openStream({ node_id, seq }, model) {
  const messages = `chat.message.${node_id}`;
  let last = seq;
  let log = null; // in whose life that number counts
  let newest = seq; // when it was connected
  let wait = FIRST_WAIT_MS;
  let timer = null;

  function take(socket, frame) {
    if (frame.event === 'ready') {
      wait = FIRST_WAIT_MS;
      if (frame.gap || (log && frame.log !== log) || frame.seq < last) {
        last = frame.seq;
        model.startAgain();
      }
      log = frame.log;
      newest = frame.seq;
      model.replaying = last < newest;
      model.setConnected(true);
    } else if (frame.event === 'published') {
      if (frame.topic === messages) {
        last = frame.seq;
        model.replaying = last < newest;
        socket.send(JSON.stringify({ type: 'ack', upto: frame.seq }));
      }
      model.takeEvent(frame.topic, frame.data, frame.opened);
    }
  }

  function connect() {
    clearTimeout(timer);
    timer = null;
    const topics = [messages, 'member.changed', 'peer.changed'].map((topic) => `topic=${encodeURIComponent(topic)}`);
    const resuming = log ? `&log=${log}` : '';
    const socket = new WebSocket(`ws://${location.host}/pubsub/v1/subscribe?${topics.join('&')}&since_seq=${last}${resuming}`, 'hearthnet-bus.v2');
    socket.addEventListener('message', ({ data }) => take(socket, JSON.parse(data)));
    socket.addEventListener('close', () => {
      model.setConnected(false);
      timer = setTimeout(connect, wait);
      wait = Math.min(wait * 2, MOST_WAIT_MS);
    });
  }

  // Browsers slow timers down in the background: who comes back does not wait for one.
  document.addEventListener('visibilitychange', () => { if (!document.hidden && timer) connect(); });
  connect();
}
