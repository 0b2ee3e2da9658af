"""Requests to stop, from threads and real signals."""

import os
import signal
import subprocess
import sys
import threading
from types import FrameType

import pytest

from daemon.system.stop import Stop, stop_on_signals

TIMEOUT_SECONDS = 30.0


def test_is_not_set_at_first() -> None:
    stop = Stop()
    assert not stop.is_set()
    assert not stop.wait(0.0)
    assert not stop.wait(0.01)


def test_stays_set() -> None:
    stop = Stop()
    stop.set()
    stop.set()
    assert stop.is_set()
    assert stop.wait(TIMEOUT_SECONDS)


def test_request_from_a_thread_ends_the_wait() -> None:
    stop = Stop()
    threading.Timer(0.05, stop.set).start()
    assert stop.wait(TIMEOUT_SECONDS)


def test_request_wakes_all_waiting_threads() -> None:
    stop = Stop()
    woken: list[bool] = []
    threads = [
        threading.Thread(target=lambda: woken.append(stop.wait(TIMEOUT_SECONDS))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    stop.set()
    for thread in threads:
        thread.join()
    assert woken == [True, True, True]


def test_request_calls_the_callbacks_of_entered_contexts() -> None:
    stop = Stop()
    calls: list[str] = []
    with stop.callback(lambda: calls.append("outer")):
        with stop.callback(lambda: calls.append("left")):
            pass
        with stop.callback(lambda: calls.append("inner")):
            assert calls == []
            stop.set()
            assert calls == ["outer", "inner"]


def test_callback_registered_after_the_request_is_called_at_once() -> None:
    stop = Stop()
    stop.set()
    calls: list[str] = []
    with stop.callback(lambda: calls.append("late")):
        assert calls == ["late"]


def test_callback_is_removed_after_an_error() -> None:
    stop = Stop()
    calls: list[str] = []
    with pytest.raises(ZeroDivisionError), stop.callback(lambda: calls.append("no")):
        raise ZeroDivisionError
    stop.set()
    assert calls == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_sets_the_stop(number: signal.Signals) -> None:
    with stop_on_signals() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        assert stop.wait(TIMEOUT_SECONDS)
        assert signal.getsignal(number) == signal.SIG_DFL


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_blocked_signal_sets_the_stop(number: signal.Signals) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [number])
    try:
        with stop_on_signals() as stop:
            os.kill(os.getpid(), number)
            assert stop.wait(TIMEOUT_SECONDS)
        assert number in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def test_signal_interrupts_the_wait_of_the_main_thread() -> None:
    with stop_on_signals() as stop:
        threading.Timer(0.05, os.kill, [os.getpid(), signal.SIGTERM]).start()
        assert stop.wait(TIMEOUT_SECONDS)


def test_signal_handler_can_set_the_stop_while_its_thread_holds_the_lock() -> None:
    with stop_on_signals() as stop:
        with stop._changed:
            signal.raise_signal(signal.SIGTERM)
        assert stop.is_set()


def test_restores_the_former_handlers() -> None:
    def mine(_number: int, _frame: FrameType | None) -> None: ...

    before = signal.signal(signal.SIGTERM, mine)
    try:
        with stop_on_signals():
            assert signal.getsignal(signal.SIGTERM) is not mine
            os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


def test_second_signal_terminates_the_program() -> None:
    code = (
        "import os, signal\n"
        "from daemon.system.stop import stop_on_signals\n"
        "with stop_on_signals() as stop:\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    print(stop.is_set(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    print('still here', flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "True\n"
    assert done.returncode == -signal.SIGTERM
