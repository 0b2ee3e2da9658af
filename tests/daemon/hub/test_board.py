from daemon.hub.board import Board
from daemon.hub.messages import Message


def test_message_that_is_not_retained_is_sent_once() -> None:
    board, told = Board(), list[str]()
    board.follow(told.append)
    state = Message("timbrel/room/state", b"{}", retain=True)
    note = Message("timbrel/room/practice/note", b"{}")
    board.post(state)
    board.post(note)
    assert told == [state.topic, note.topic]
    assert board.newest(note.topic) == note
    # After a reconnection, all topics are sent again; the note would look new.
    assert board.topics() == [state.topic]
