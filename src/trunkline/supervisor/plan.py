"""What becomes of the processes of one machine: when each is started again, in which order they stop, when that is
enforced. Pure; time is an argument, in seconds.

    plan = Plan([Child("nats", Role.NATS), Child("worker-1", Role.WORKER), ...], drain_s=30)
    effects = plan.handle(now, Begin())         # [Start("nats", 1), ...]
    plan.deadline                               # when to call again with Wake
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
STEADY_S = 10.0
"""A child that has lived this long is started again as if it had never died before."""

BAD_SETTINGS = 2
"""Exit code of a child that must not be started again as it is. Before the first readiness it stops everything."""
STOPPED_AT_ONCE = 1
"""Exit code after a second signal."""


class Role(StrEnum):
    NATS = "nats"
    API = "api"
    WORKER = "worker"


STAGES = (Role.WORKER, Role.API, Role.NATS)
"""The order of stopping: live calls end while the API still answers and the journal can still be written."""

GRACE_S = 5.0
"""How long a child may take to stop, for a worker on top of the time its calls are given."""


@dataclass(frozen=True, slots=True)
class Child:
    name: str
    role: Role


# ---- what happens -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begin:
    pass


@dataclass(frozen=True, slots=True)
class Ready:
    """The API has said for the first time that it is ready."""


@dataclass(frozen=True, slots=True)
class Died:
    name: str
    code: int
    """As the operating system says: negative for a signal."""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """SIGTERM or SIGINT."""


@dataclass(frozen=True, slots=True)
class Wake:
    """The deadline is here."""


Input = Begin | Ready | Died | StopAsked | Wake


# ---- what is to be done -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Start:
    name: str
    generation: int
    """1 for the first process of that name, and so on."""


@dataclass(frozen=True, slots=True)
class Terminate:
    name: str


@dataclass(frozen=True, slots=True)
class Kill:
    name: str


@dataclass(frozen=True, slots=True)
class ReportLost:
    """The calls of this worker process are over."""

    name: str
    generation: int


@dataclass(frozen=True, slots=True)
class Exit:
    code: int


Effect = Start | Terminate | Kill | ReportLost | Exit


# ---- the plan -----------------------------------------------------------------------------------


class State(Enum):
    UP = "up"
    PAUSING = "pausing"
    """Dead, to be started again."""
    STOPPING = "stopping"
    DOWN = "down"


@dataclass(slots=True)
class _Life:
    child: Child
    state: State = State.DOWN
    generation: int = 0
    since: float = 0.0
    pauses: int = 0
    """Pauses since it last was steady."""
    deadline: float | None = None
    """While pausing: when to start it. While stopping: when to kill it."""


class Plan:
    def __init__(self, children: Sequence[Child], drain_s: float) -> None:
        self._lives = {child.name: _Life(child) for child in children}
        self._drain_s = drain_s
        self._stage: int | None = None
        """Which of STAGES is being stopped; None while nothing is."""
        self._code = 0
        self._ready = False
        self._over = False

    @property
    def deadline(self) -> float | None:
        return min((life.deadline for life in self._lives.values() if life.deadline is not None), default=None)

    @property
    def stopping(self) -> bool:
        return self._stage is not None

    def handle(self, now: float, input: Input) -> list[Effect]:
        if self._over:
            return []
        match input:
            case Begin():
                return [self._start(now, life) for life in self._lives.values()]
            case Ready():
                self._ready = True
                return []
            case Died(name, code):
                return self._died(now, self._lives[name], code)
            case StopAsked() if self._stage is None:
                return self._stop(now, 0)
            case StopAsked():
                return self._stop_at_once()
            case Wake():
                return self._wake(now)

    def _start(self, now: float, life: _Life) -> Effect:
        life.state, life.since, life.deadline = State.UP, now, None
        life.generation += 1
        return Start(life.child.name, life.generation)

    def _died(self, now: float, life: _Life, code: int) -> list[Effect]:
        effects: list[Effect] = []
        finished = life.state is State.STOPPING and code == 0
        if life.child.role is Role.WORKER and not finished:
            effects.append(ReportLost(life.child.name, life.generation))
        if life.state is State.STOPPING:
            life.state, life.deadline = State.DOWN, None
            return effects + self._next_stage(now)
        if code == BAD_SETTINGS and not self._ready and self._stage is None:
            life.state, self._code = State.DOWN, BAD_SETTINGS
            return effects + self._stop(now, 0)
        life.pauses = 0 if now - life.since >= STEADY_S else life.pauses
        life.state, life.deadline = State.PAUSING, now + pause(life.pauses)
        life.pauses += 1
        return effects

    def _wake(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        for life in self._lives.values():
            if life.deadline is None or now < life.deadline:
                continue
            if life.state is State.PAUSING:
                effects.append(self._start(now, life))
            else:
                life.deadline = None
                effects.append(Kill(life.child.name))
        return effects

    def _stop(self, now: float, stage: int) -> list[Effect]:
        """Stops that stage's children; those of later stages are kept alive meanwhile."""
        self._stage = stage
        role = STAGES[stage]
        effects: list[Effect] = []
        for life in self._of(role):
            if life.state is State.UP:
                life.state = State.STOPPING
                life.deadline = now + GRACE_S + (self._drain_s if role is Role.WORKER else 0)
                effects.append(Terminate(life.child.name))
            else:
                life.state, life.deadline = State.DOWN, None
        return effects + self._next_stage(now)

    def _next_stage(self, now: float) -> list[Effect]:
        assert self._stage is not None
        if any(life.state is not State.DOWN for life in self._of(STAGES[self._stage])):
            return []
        if self._stage + 1 < len(STAGES):
            return self._stop(now, self._stage + 1)
        self._over = True
        return [Exit(self._code)]

    def _stop_at_once(self) -> list[Effect]:
        self._over = True
        alive = [life.child.name for life in self._lives.values() if life.state in (State.UP, State.STOPPING)]
        for life in self._lives.values():
            life.deadline = None
        return [*map(Kill, alive), Exit(STOPPED_AT_ONCE)]

    def _of(self, role: Role) -> list[_Life]:
        return [life for life in self._lives.values() if life.child.role is role]


def pause(pauses: int) -> float:
    """How long to wait before starting a child again that has already been waited for so many times."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(pauses, 16))
