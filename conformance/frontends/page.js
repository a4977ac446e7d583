// What a chat page does: one POST by fetch, its stream read as it arrives. Times are seconds since the request was made.
async ({ url, headers, body, seconds, limit }) => {
  const told = { origin: location.origin, status: 0, type: null, pieces: [], body: "", error: null };
  const begun = performance.now(), decoder = new TextDecoder();
  try {
    const signal = AbortSignal.timeout(seconds * 1000);
    const answer = await fetch(url, { method: "POST", headers, body, signal });
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
