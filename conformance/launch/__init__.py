"""Starting and stopping servers, with the environments and services that they need."""
