"""Assistant: answers an AI assistant's questions from the published snapshot (`estore mcp`)."""
