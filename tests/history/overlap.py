def run(stack, trials, rows):
    return 0
