/** Every bound of the router, by name. The platform's own values where it has one. */

/** Header block of one request or answer; more is answered 431. */
export const MAX_HEADER_BYTES = 1024 * 1024;

/** A client's whole header block must have arrived within this time. */
export const HEADERS_TIMEOUT_MS = 60_000;

/** A client must have shown what it speaks, and agreed on keys, within this time. */
export const HANDSHAKE_MS = 10_000;

/** No DNS name is longer; a longer Host matches nothing, and looking for its wildcards would take for ever. */
export const MAX_HOSTNAME = 253;

/** Connecting to an instance, as on the platform. */
export const DIAL_MS = 5_000;

/** One whole request to an instance, as on the platform. */
export const REQUEST_TIMEOUT_MS = 900_000;

/** A client's idle keep-alive connection, as on the platform. */
export const FRONT_IDLE_MS = 900_000;

/** An idle keep-alive connection to an instance, as on the platform. */
export const BACKEND_IDLE_MS = 90_000;

/** Idle connections kept for one instance, as on the platform. */
export const BACKEND_IDLE_CONNECTIONS = 100;

/** Requests under way to one instance at most, as on the platform. */
export const ENDPOINT_CONNECTIONS = 500;

/** Tries of one request over several instances, as on the platform. */
export const MAX_ATTEMPTS = 3;

/** An instance that could not be reached is passed over for this long, as on the platform. */
export const FAILED_ENDPOINT_MS = 30_000;

/** An app that starts has 60 s by default to answer its health check; so long are its requests held. */
export const HOLD_MS = 60_000;
export const HOLD_REQUESTS = 1_000;
export const HOLD_BYTES = 64 * 1024 * 1024;

/**
 * What is kept at most of one held request's body: nobody reads it, so it stays in the kernel but for
 * one read (64 KiB) that was under way when the stream filled up.
 */
export const HELD_BODY_BYTES = 64 * 1024;

/**
 * An instance that refuses connections may be a program that reloads by itself and is back in a moment,
 * or one whose end the platform has not told us of yet. Nothing was sent, so the request waits this long.
 */
export const REFUSED_MS = 5_000;
export const RECONNECT_EVERY_MS = 50;

/**
 * A request that must not be sent twice takes an idle connection only if it was used this recently;
 * otherwise it might meet an instance closing it at that very moment, and could not be repeated.
 */
export const FRESH_IDLE_MS = 20;

/** How often one request may come back through this router before it is called a loop. */
export const MAX_HOPS = 10;

/** After an answer was given early, the rest of the request's body is read and thrown away this long. */
export const LINGER_MS = 30_000;

/** Requests under way when the router closes get this long to finish. */
export const CLOSE_MS = 1_000;

/** Ports looked at, from the wanted one upwards, before giving up. */
export const PORT_TRIES = 200;
