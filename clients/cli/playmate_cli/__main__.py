from playmate_cli.main import app

app()
