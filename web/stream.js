// Arriving events over the WebSocket; resumes after a break where it stopped, without a gap or a repeat.

const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 10000;

/** Calls onEvent(topic, data) for each event behind `seq`, onConnection(connected) when that changes. */
export function openStream({ nodeId, seq, onEvent, onConnection }) {
  const messages = `chat.message.${nodeId}`;
  let last = seq;
  let wait = FIRST_WAIT_MS;

  function connect() {
    const topics = [messages, 'member.changed', 'peer.changed'].map((topic) => `topic=${encodeURIComponent(topic)}`);
    const url = `ws://${location.host}/pubsub/v1/subscribe?${topics.join('&')}&since_seq=${last}`;
    const socket = new WebSocket(url, 'hearthnet-bus.v2');
    socket.addEventListener('message', ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.event === 'ready') {
        wait = FIRST_WAIT_MS;
        onConnection(true);
      } else if (frame.event === 'published') {
        if (frame.topic === messages) {
          last = frame.seq;
          socket.send(JSON.stringify({ type: 'ack', upto: frame.seq }));
        }
        onEvent(frame.topic === messages ? 'message' : frame.topic, frame.data);
      }
    });
    socket.addEventListener('close', () => {
      onConnection(false);
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, MOST_WAIT_MS);
    });
  }
  connect();
}
