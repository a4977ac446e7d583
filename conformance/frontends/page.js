// What a chat page does: one POST by fetch, its stream read as it arrives. Times are seconds since the request was made.
// No redirect is followed: the key stays with the host that it was meant for.
async ({ url, headers, body, seconds, limit }) => {
  const told = { origin: location.origin, status: 0, type: null, pieces: [], body: "", error: null };
  const begun = performance.now(), decoder = new TextDecoder();
  try {
    const signal = AbortSignal.timeout(seconds * 1000);
    const answer = await fetch(url, { method: "POST", headers, body, signal, redirect: "error" });
    told.status = answer.status;
    told.type = answer.headers.get("content-type");
    const reader = answer.body.getReader();
    for (let size = 0; size <= limit; ) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      told.pieces.push([(performance.now() - begun) / 1000, value.length]);
      told.body += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    told.error = String(error);
  }
  return told;
}
