package io.mjproxy;

/**
 * A place in the server's log of changes.
 *
 * @param revision the revision of the last change before the place
 * @param historyId the log that the revision belongs to; empty if that is not known
 */
public record Position(long revision, String historyId) {}
