"""Corrected with `await asyncio.wait([task])`: waits and raises nothing; `result()` raises what the task raised."""

import asyncio


async def work() -> int:
    """Takes a second."""
    await asyncio.sleep(1)
    return 100


async def main() -> None:
    """Starts the work, waits for it, and asks for its result."""
    task = asyncio.create_task(work())
    await asyncio.sleep(0.5)
    _ = await asyncio.wait([task])
    print(f"The result is {task.result()}")


if __name__ == "__main__":
    asyncio.run(main())
