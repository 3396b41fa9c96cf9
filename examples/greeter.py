"""A bot in fifteen lines: TUNTAS_URL and TUNTAS_KEY (scopes control, read, send) say where and who."""

from tuntas.client import Bot, Incoming

bot = Bot("greeter")


@bot.message("halo")
async def greet(message: Incoming) -> None:
    await message.reply("Halo! Ada yang bisa dibantu?")


@bot.message()
async def repeat(message: Incoming) -> None:
    await message.reply(f"You said: {message.text}")


if __name__ == "__main__":
    bot.run()
