// Arriving events over the WebSocket; resumes after a break where it stopped, without a gap or a repeat (PROTOCOL §15).

const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 10000;

/** Calls onEvent(topic, data) for each event behind `seq`, onConnection(connected) when that changes, onOtherLog() when the
 *  node's log is shorter than it was. */
export function openStream({ nodeId, seq, onEvent, onConnection, onOtherLog }) {
  const messages = `chat.message.${nodeId}`;
  let last = seq;
  let wait = FIRST_WAIT_MS;
  let timer = null;

  function take(socket, frame) {
    if (frame.event === 'ready') {
      wait = FIRST_WAIT_MS;
      if (frame.seq < last) {
        last = frame.seq;
        onOtherLog();
      }
      onConnection(true);
    } else if (frame.event === 'published') {
      if (frame.topic === messages) {
        last = frame.seq;
        socket.send(JSON.stringify({ type: 'ack', upto: frame.seq }));
      }
      onEvent(frame.topic, frame.data);
    }
  }

  function connect() {
    clearTimeout(timer);
    timer = null;
    const topics = [messages, 'member.changed', 'peer.changed'].map((topic) => `topic=${encodeURIComponent(topic)}`);
    const socket = new WebSocket(`ws://${location.host}/pubsub/v1/subscribe?${topics.join('&')}&since_seq=${last}`, 'hearthnet-bus.v2');
    socket.addEventListener('message', ({ data }) => take(socket, JSON.parse(data)));
    socket.addEventListener('close', () => {
      onConnection(false);
      timer = setTimeout(connect, wait);
      wait = Math.min(wait * 2, MOST_WAIT_MS);
    });
  }

  // Who comes back to the tab does not wait for a timer that browsers slow down in the background.
  document.addEventListener('visibilitychange', () => { if (!document.hidden && timer) connect(); });
  connect();
}
