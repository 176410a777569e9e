"""Where the bytes of an input come from: files, archives, pipes, folders, object stores."""
