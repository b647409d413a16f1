// Docker
