"""Translate database errors to paygate's errors. Only this module decides how.

===========================  =========================================================
error                        handling
===========================  =========================================================
``TransactionConflictError`` nothing was stored; run the transaction again
``RowLockedError``           another transaction holds a row; go on with the others
``InfrastructureError``      the database is unavailable or not ready; wait, or respond with 503
``REFUSED``                  the database will never accept this row
anything else                an error in paygate; it is raised unchanged
===========================  =========================================================
"""

from __future__ import annotations

import asyncpg
from asyncpg.exceptions import _base
from tortoise.exceptions import BaseORMException, DBConnectionError

from ...core.errors import InfrastructureError, RowLockedError, TransactionConflictError

READ_ONLY = asyncpg.ReadOnlySQLTransactionError
"""The session is read-only; another connection may not be."""
CONFLICT = (
    asyncpg.TransactionRollbackError,  # class 40: deadlock, serialization
    asyncpg.InvalidCachedStatementError,  # 0A000: a table was altered since it was prepared
    asyncpg.InvalidSQLStatementNameError,  # 26000: prepared on another server of a pooler
    asyncpg.DuplicatePreparedStatementError,  # 42P05: the same
)
LOCKED = (asyncpg.LockNotAvailableError,)  # 55P03
UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,  # class 08
    READ_ONLY,  # 25006: a failover is in progress
    asyncpg.IdleInTransactionSessionTimeoutError,  # 25P03
    asyncpg.InvalidAuthorizationSpecificationError,  # 28
    asyncpg.InvalidCatalogNameError,  # 3D
    asyncpg.InsufficientPrivilegeError,  # 42501: rights are being changed
    asyncpg.InsufficientResourcesError,  # 53: too many connections, no memory, disk full
    asyncpg.ObjectNotInPrerequisiteStateError,  # 55
    asyncpg.OperatorInterventionError,  # 57: shut down, crashed, starting up, cancelled
    asyncpg.PostgresSystemError,  # 58
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    DBConnectionError,
)
REFUSED = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, _base.DataError)
"""The second ``DataError`` is asyncpg's own, for values that it cannot send."""


def translate(error: BaseException | None) -> InfrastructureError | None:
    """Return the error to raise instead, or None to raise the original."""
    cause = original(error)
    if isinstance(cause, REFUSED):
        return None
    if isinstance(cause, CONFLICT):
        return TransactionConflictError(f"the database ended a transaction: {first_line(cause)}")
    if isinstance(cause, LOCKED):
        return RowLockedError(f"a row is locked by another transaction: {first_line(cause)}")
    if isinstance(cause, UNAVAILABLE):
        return InfrastructureError(f"the database is unavailable: {first_line(cause)}")
    return None


def is_starting(error: BaseException | None) -> bool:
    """Check whether a server with this error may still be starting."""
    return isinstance(
        original(error),
        (
            OSError,  # connection refused, no socket, unknown host name, timeout
            asyncpg.CannotConnectNowError,  # 57P03
            asyncpg.TooManyConnectionsError,  # 53300
            asyncpg.ConnectionDoesNotExistError,
        ),
    ) and not isinstance(error, PermissionError)


def original(error: BaseException | None) -> BaseException | None:
    """Return the error of PostgreSQL or the network; Tortoise wraps some errors."""
    while isinstance(error, BaseORMException) and error.__cause__ is not None:
        error = error.__cause__
    return error


def first_line(error: BaseException) -> str:
    """Return the first line of an error, or its class if it has no message."""
    return (str(error).splitlines() or [""])[0] or type(error).__name__
