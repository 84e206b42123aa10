from orchestrator_cli.main import app

app(prog_name="orchestrator")
