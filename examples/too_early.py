"""The mistake: the result is read while the task is still at work.

Sleeping for a while proves nothing about the task, it only makes the mistake depend on the clock. Run it and see:
`asyncio.exceptions.InvalidStateError: Result is not set.`
"""

import asyncio


async def work() -> int:
    """Takes a second."""
    await asyncio.sleep(1)
    return 100


async def main() -> None:
    """Starts the work and asks for its result too early."""
    task = asyncio.create_task(work())
    await asyncio.sleep(0.5)
    print(f"The result is {task.result()}")


if __name__ == "__main__":
    asyncio.run(main())
