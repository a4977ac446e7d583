"""What a client library shows of this API, beside what was on the wire: so far the OpenAI SDK for Python.

The scenarios are those of a run; only the one who asks is another: the SDK, through our own client.
"""
