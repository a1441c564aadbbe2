"""protocol.md as code: each of its sections has its file here. Pure: bytes and time in, bytes and events out.

Constants    constants       every number, its unit and its reason
             errors          who erred
Identity     identity        the RSA key, its form on the wire, the fingerprint
Discovery    announcement    the datagram
             discovery       the machine: when to ask, announce, answer, say goodbye
             sightings       what is believed of what others say
             presence_table  who is here and where, within bounds
             probes          questions to one address, and their answers
             pacing          intervals, budgets, answers that wait for their turn
             static_peers    addresses that the person named
Handshake    handshake       initiator and responder, message by message
             ephemeral       X25519 and ML-KEM-768 together
Records      record          framing and its limits
             cipher          one direction's key, its counter, its renewal
Session      session         the encrypted conversation, composed of the above
Payloads     payload         what travels in a record, typed
Files        transfer        blocks of file data: order, offsets, the end
             entry           one file or folder in that stream
Events       events          what all the machines tell the node

All machines have one shape: receive_*(data, [source,] now), *_to_send([now]), events(), next_deadline() and
handle_deadline(now). Whoever owns the sockets calls them; nothing here waits, draws lots or reads a clock.
"""
